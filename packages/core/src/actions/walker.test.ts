import { expect, it } from 'vitest'
import { MemoryStore } from '@gpreg/oci'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { createContext } from '../context.ts'
import { Walker } from './walker.ts'

it.each([false, true])('a signature is checked under its tag, too; deep: %s', async deep => {
  const [signature, other] = [sampleImage(['signed']), sampleImage(['something else'])]
  const repository = new MemoryStore().repository('app')
  const tag = 'sha256-1234.sig'
  await pushSample(repository, signature, tag)
  const walk = async () => {
    const walker = new Walker(deep, 2, createContext({}))
    const problems = await walker.walk({ store: 'target', repository }, [{ ...signature.descriptor, tag }])
    return problems.map(({ code, digest }) => [code, digest])
  }

  const { digest } = signature.descriptor
  expect(await walk()).toEqual([])
  await pushSample(repository, other, tag)
  expect(await walk()).toEqual([['digest-mismatch', digest]])
  await repository.untag(tag)
  expect(await walk()).toEqual([['not-found', digest]])
  await repository.delete(signature.descriptor)
  expect(await walk()).toEqual([['not-found', digest]])
})
