import { expect, it } from 'vitest'
import { MemoryStore, parseReference } from '@gpreg/oci'
import { createRegistries } from '@gpreg/oci/engine'
import { answer, hangingUp, oddRegistry, pushSample, sampleImage } from '@gpreg/oci/testing'
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

it('a registry that restarts while it is read is waited for', async () => {
  const image = sampleImage(['layer'])
  let restarts = 5
  await using server = await oddRegistry(
    (request, response) => /\/blobs\//.test(request.url!) && restarts-- > 0 && answer(response, 503),
  )
  await pushSample(server.store.repository('app'), image, '1')
  const context = createContext({ sleep: async () => {} })
  const registries = await createRegistries({ env: {} }, context)
  const { repository } = registries.open('target', parseReference(`${server.host}/app:1`))
  const walk = new Walker(true, 1, context).walk({ store: server.host, repository }, [image.descriptor])
  expect(await walk).toEqual([])
  await registries.close()
})

it('a server that cuts off a blob is asked three times for it', async () => {
  const image = sampleImage(['layer'])
  await using server = await oddRegistry(hangingUp('GET', /\/blobs\//))
  await pushSample(server.store.repository('app'), image, '1')
  const context = createContext({ sleep: async () => {} })
  const registries = await createRegistries({ env: {} }, context)
  const { repository } = registries.open('target', parseReference(`${server.host}/app:1`))
  const problems = await new Walker(true, 2, context).walk({ store: server.host, repository }, [
    image.descriptor,
  ])
  await registries.close()
  expect(problems).toMatchObject([{ code: 'unreachable' }, { code: 'unreachable' }])
  const reads = server.seen.filter(({ method, url }) => method === 'GET' && url.includes('/blobs/'))
  expect(reads).toHaveLength(2 * 3)
})
