import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MediaType } from '../model/descriptor.ts'
import { describe as blobOf } from '../testing/sample-image.ts'
import { ArchiveWriter } from './archive/archive-writer.ts'
import { planTar } from './archive/tar-plan.ts'
import type { ByteStream, Fetcher } from './content.ts'
import { LayoutStore } from './layout/layout-store.ts'
import { contentOf } from './stored-content.ts'

const { descriptor, bytes } = blobOf('a layer', MediaType.ociLayerGzip)

let directory: string
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-content-'))))
afterAll(() => rm(directory, { recursive: true }))

/** A source that notes by which method it is read. */
function sourceWith(read: string[]) {
  async function* stream(method: string): ByteStream {
    read.push(method)
    yield bytes
  }
  return { fetch: () => stream('fetch'), fetchUnverified: () => stream('fetchUnverified') }
}

it.each([
  ['a layout', async () => LayoutStore.open(join(directory, 'layout'))],
  ['a layout for a save', async () => LayoutStore.resume(join(directory, 'save'), Date.now(), new Set())],
  [
    'an archive',
    async () => {
      const contents = { documents: {}, entries: [], manifests: [], blobs: [descriptor], created: 0 }
      return (await ArchiveWriter.open({ path: join(directory, 'x.tar') }, planTar(contents)))!
    },
  ],
])('%s reads pushed content unverified, so that its bytes are hashed once', async (_, open) => {
  const store = await open()
  const read: string[] = []
  await store.repository('library/app').push(descriptor, contentOf(sourceWith(read), descriptor))
  expect(read).toEqual(['fetchUnverified'])
  if (store instanceof ArchiveWriter) await store[Symbol.asyncDispose]()
})

it('reads a source that always verifies by its only method', async () => {
  const read: string[] = []
  const source: Fetcher = { fetch: sourceWith(read).fetch }
  expect(await Array.fromAsync(contentOf(source, descriptor).openUnverified({}))).toEqual([bytes])
  expect(read).toEqual(['fetch'])
})
