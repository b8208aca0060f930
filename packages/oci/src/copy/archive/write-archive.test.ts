import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fetch, resolve } from '../../artifact/fetch.ts'
import { Archive } from '../../store/archive/archive-reader.ts'
import { artifactIn } from '../../store/artifact.ts'
import { MemoryStore } from '../../store/memory-store.ts'
import { pushSample, sampleImage } from '../../testing/sample-image.ts'
import { writeArchive } from './write-archive.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'oci-archive-'))))
afterEach(() => rm(directory, { recursive: true }))

it.each([
  ['one file', {}, 1],
  ['volumes', { volumeSize: 3000 }, 3],
])('an archive in %s is opened by its paths alone, and closed', async (_, options, files) => {
  const memory = new MemoryStore()
  const image = sampleImage(['a'])
  await pushSample(memory.repository('app'), image, '1')
  const path = join(directory, 'images.tar')
  const { paths } = await writeArchive(path, { 'app:1': artifactIn(memory, 'app:1') }, options)
  expect(paths).toHaveLength(files)
  const archive = await Archive.open(paths.length === 1 ? path : paths)
  expect(archive.location).toBe(paths[0])
  const read = archive.artifact('app:1')
  const { digest } = await resolve(read)
  expect(digest).toBe(image.descriptor.digest)
  await archive.close()
  await expect(Array.fromAsync(fetch(read, image.descriptor))).rejects.toMatchObject({ code: 'storage' })
})
