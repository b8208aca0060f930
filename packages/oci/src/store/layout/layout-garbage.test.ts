import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { contentFrom } from '../content.ts'
import { describe, pushSample, sampleImage, sampleIndex } from '../../testing/sample-image.ts'
import { deleteGarbage, findGarbage } from './layout-garbage.ts'
import { LayoutStore } from './layout-store.ts'

const directories: string[] = []
afterEach(async () => {
  for (const path of directories.splice(0)) await rm(path, { recursive: true })
})

const child = sampleImage(['shared', 'child'])
const index = sampleIndex({ amd64: child })
const old = sampleImage(['shared', 'old layer'])
const signature = sampleImage(['signature'], {
  subject: child.descriptor,
  artifactType: 'application/vnd.test',
})
const oldSignature = sampleImage(['old signature'], {
  subject: old.descriptor,
  artifactType: 'application/vnd.test',
})

async function layout() {
  const root = await mkdtemp(join(tmpdir(), 'garbage-'))
  directories.push(root)
  const store = await LayoutStore.open(root)
  const repository = store.repository('app')
  await pushSample(repository, index, '2')
  await pushSample(repository, signature)
  await pushSample(repository, old, '1')
  await pushSample(repository, oldSignature)
  return { root, store, repository }
}

it('removes what no name reaches, and keeps shared blobs and signatures', async () => {
  const { root, repository } = await layout()
  expect((await findGarbage(root)).digests).toEqual([])
  await repository.untag('1')
  const stray = describe('of an upload that nobody finished', 'application/octet-stream')
  await repository.push(stray.descriptor, contentFrom(stray.bytes))
  const garbage = await findGarbage(root)
  const layer = [...old.blobs.keys()].at(-1)
  const gone = [old.descriptor, oldSignature.descriptor, stray.descriptor].map(({ digest }) => digest)
  expect(garbage.digests.toSorted()).toEqual(
    [...gone, layer, [...oldSignature.blobs.keys()].at(-1)].toSorted(),
  )
  await deleteGarbage(root, garbage)
  const left = await readdir(join(root, 'blobs', 'sha256'))
  const kept = [index, child, signature].flatMap(({ descriptor, blobs }) => [
    descriptor.digest,
    ...blobs.keys(),
  ])
  expect(left.toSorted()).toEqual([...new Set(kept)].map(digest => digest.slice(7)).toSorted())
  expect((await findGarbage(root)).bytes).toBe(0)
})

it('removes nothing if a manifest that stays is damaged', async () => {
  const { root, repository } = await layout()
  await repository.untag('1')
  const path = join(root, 'blobs', 'sha256', child.descriptor.digest.slice(7))
  await rm(path)
  await writeFile(path, '{}')
  await expect(findGarbage(root)).rejects.toMatchObject({ code: 'input-invalid' })
})
