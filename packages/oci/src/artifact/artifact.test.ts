import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import type { OciEvent } from '../events.ts'
import { copy, executeCopy, planCopy } from '../copy/copy.ts'
import { MediaType } from '../model/descriptor.ts'
import { digestOf } from '../model/hash.ts'
import { openRemote } from '../remote/remote.ts'
import { createRegistryServer } from '../serve/server.ts'
import { artifactIn, type Artifact } from '../store/artifact.ts'
import { fileContent } from '../store/file-content.ts'
import { LayoutStore } from '../store/layout/layout-store.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { describe as describeBytes, pushSample, sampleImage, sampleIndex } from '../testing/sample-image.ts'
import { attach, discover } from './attach.ts'
import { fetch, fetchBytes, fetchManifest, resolve } from './fetch.ts'
import { EMPTY_DESCRIPTOR, pack } from './pack.ts'
import { push } from './push.ts'
import { remove, tag, tags } from './tags.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oci-artifact-'))
  cleanups.push(() => rm(path, { recursive: true }))
  return path
}

async function registry(): Promise<(name: string) => Artifact> {
  const server = await createRegistryServer(new MemoryStore()).listen('127.0.0.1', 0)
  cleanups.push(() => server.close())
  const remote = await openRemote({ credentials: { find: async () => undefined } })
  cleanups.push(() => remote.close())
  return name => remote.artifact(`127.0.0.1:${server.port}/${name}`)
}

const places = {
  memory: async () => {
    const store = new MemoryStore()
    return (name: string) => artifactIn(store, name)
  },
  'a layout': async () => {
    const store = await LayoutStore.open(await temporaryDirectory())
    return (name: string) => artifactIn(store, name)
  },
  'a registry': registry,
}

const REPORT = 'application/vnd.example.report.v1'
const text = async (stream: AsyncIterable<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(stream)).toString()

describe.each(Object.entries(places))('an artifact in %s', (_, open) => {
  it('gets a second tag', async () => {
    const at = await open()
    const first = await pack(at('team/report:1.0'), { artifactType: REPORT })
    const { digest } = await tag(at('team/report:1.0'), 'latest')
    expect(digest).toBe(first.digest)
    expect((await resolve(at('team/report:latest'))).digest).toBe(first.digest)
    await expect(tag(at('team/report:1.0'), 'no tag')).rejects.toMatchObject({ code: 'reference-invalid' })
  })

  it('is written to a digest only if it has that digest', async () => {
    const at = await open()
    const options = {
      artifactType: REPORT,
      annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
    }
    const { digest } = await pack(at('team/report:1.0'), options)
    expect((await pack(at(`team/again@${digest}`), options)).digest).toBe(digest)
    const wrong = `sha256:${'0'.repeat(64)}`
    const mismatch = { code: 'digest-mismatch', retryable: false }
    await expect(pack(at(`team/report@${wrong}`), options)).rejects.toMatchObject(mismatch)
    await expect(copy(at('team/report:1.0'), at(`team/copied@${wrong}`))).rejects.toMatchObject(mismatch)
    expect((await copy(at('team/report:1.0'), at(`team/copied@${digest}`))).digest).toBe(digest)
  })

  it('is asked for a platform, even if it has only one', async () => {
    const at = await open()
    const image = at('team/app:1.0')
    const config = await push(image, JSON.stringify({ os: 'linux', architecture: 'arm64' }), {
      mediaType: MediaType.ociConfig,
    })
    const packed = await pack(image, { config })
    expect((await resolve(image, { platform: 'linux/arm64' })).digest).toBe(packed.digest)
    await expect(resolve(image, { platform: 'linux/amd64' })).rejects.toMatchObject({
      code: 'platform-refused',
      hint: 'it is offered for linux/arm64',
    })
  })

  it('is copied from an index that lists blobs, as BuildKit keeps its cache', async () => {
    const at = await open()
    const cache = at('team/cache:1')
    const layer = await push(cache, 'layer', { mediaType: MediaType.ociLayerGzip })
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [layer] }),
    )
    const index = { mediaType: MediaType.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
    await cache.target.repository.tag('1', index, bytes)
    await copy(cache, at('other/cache:1'))
    expect(await text(fetch(at('other/cache:1'), layer))).toBe('layer')
  })

  it('is pushed from a file and pulled again', async () => {
    const at = await open()
    const path = join(await temporaryDirectory(), 'report.txt')
    await writeFile(path, 'all is well')
    const report = at('team/report:1.0')
    const layer = await push(report, fileContent(path), {
      mediaType: 'text/plain',
      annotations: { title: 'r' },
    })
    expect(layer).toMatchObject({ mediaType: 'text/plain', size: 11, annotations: { title: 'r' } })
    const packed = await pack(report, { artifactType: REPORT, layers: [layer] })
    const { descriptor, manifest } = await fetchManifest(report)
    expect(descriptor.digest).toBe(packed.digest)
    expect(manifest).toMatchObject({
      kind: 'manifest',
      artifactType: REPORT,
      config: EMPTY_DESCRIPTOR,
      layers: [layer],
    })
    expect(await text(fetch(report, layer))).toBe('all is well')
    expect(await text(fetch(report, layer, { offset: 7 }))).toBe('well')
    expect(await text(fetch(report, layer, { offset: 11 }))).toBe('')
    for (const offset of [-1, 0.5, 12])
      expect(() => fetch(report, layer, { offset })).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(Buffer.from(await fetchBytes(report, layer)).toString()).toBe('all is well')
    expect(await Array.fromAsync(tags(report))).toEqual(['1.0'])
  })

  it('tells of the blobs that are pushed', async () => {
    const at = await open()
    const events: OciEvent[] = []
    const onEvent = (event: OciEvent) => void events.push(event)
    const { digest, size } = await push(at('team/report:1.0'), 'all is well', { onEvent })
    await push(at('team/report:1.0'), 'all is well', { onEvent })
    expect(events).toEqual([
      { type: 'blob.started', digest, size, image: at('team/report:1.0').name },
      { type: 'blob.progress', digest, bytes: size },
      { type: 'blob.sent', digest, size },
      { type: 'blob.present', digest, size },
    ])
  })

  it.each([null, undefined, 5, Readable.from(['x']), new Blob(['x'])])(
    'takes no %o as content',
    async content => {
      await expect(push((await open())('team/app:1'), content as never)).rejects.toMatchObject({
        code: 'usage',
      })
    },
  )

  it('has no content read whole that is too large for memory', async () => {
    const large = { mediaType: MediaType.ociLayerGzip, digest: digestOf('x'), size: 2 ** 40 }
    await expect(fetchBytes((await open())('team/app:1'), large)).rejects.toMatchObject({
      code: 'manifest-too-large',
      message: expect.stringMatching(/^a blob /),
    })
  })

  it('has what is attached to it, by type', async () => {
    const at = await open()
    const image = at('team/server:1')
    await pushSample(image.target.repository, sampleImage(['a']), '1')
    const sbom = await push(image, '{"spdxVersion":"SPDX-2.3"}', { mediaType: 'application/spdx+json' })
    const attached = await attach(image, { artifactType: 'application/spdx+json', layers: [sbom] })
    await attach(image, { artifactType: REPORT })
    expect(await discover(image)).toHaveLength(2)
    const [found] = await discover(image, { artifactType: 'application/spdx+json' })
    expect(found).toMatchObject({ digest: attached.digest, artifactType: 'application/spdx+json' })
    const { manifest } = await fetchManifest(at(`team/server@${attached.digest}`))
    expect(manifest.subject?.digest).toBe((await resolve(image)).digest)
    expect(await Array.fromAsync(tags(image))).toEqual(['1'])
  })

  it('is resolved for a platform', async () => {
    const image = (await open())('team/server:1')
    const amd64 = sampleImage(['a'])
    await pushSample(image.target.repository, sampleIndex({ amd64, arm64: sampleImage(['b']) }), '1')
    expect(await resolve(image, { platform: 'linux/amd64' })).toMatchObject({
      digest: amd64.descriptor.digest,
    })
    await expect(resolve(image, { platform: 'linux/s390x' })).rejects.toMatchObject({
      code: 'platform-refused',
    })
  })

  it('is resolved for a platform that only an inner index, or the config of an image, names', async () => {
    const image = (await open())('team/server:1')
    const [amd64, arm64] = [sampleImage(['a']), sampleImage(['b'], { architecture: 'arm64' })]
    const inner = sampleIndex({ arm64 })
    const manifests = [amd64.descriptor, inner.descriptor]
    const document = JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests })
    const outer = describeBytes(document, MediaType.ociIndex)
    const sample = { ...outer, blobs: new Map(), children: [amd64, inner] }
    await pushSample(image.target.repository, sample, '1')
    const digestFor = async (platform: string) => (await resolve(image, { platform })).digest
    expect(await digestFor('linux/amd64')).toBe(amd64.descriptor.digest)
    expect(await digestFor('linux/arm64')).toBe(arm64.descriptor.digest)
    await expect(digestFor('linux/s390x')).rejects.toMatchObject({
      code: 'platform-refused',
      hint: 'it is offered for linux/amd64, linux/arm64',
    })
  })

  it('is removed by its digest, with its tags', async () => {
    const at = await open()
    const image = at('team/server:1')
    await pushSample(image.target.repository, sampleImage(['a']), '1')
    const { digest } = await resolve(image)
    await remove(at(`team/server@${digest}`))
    await expect(resolve(image)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('loses a tag, and nothing else', async () => {
    const at = await open()
    const image = at('team/server:1')
    for (const tag of ['1', '2']) await pushSample(image.target.repository, sampleImage(['a']), tag)
    await remove(image)
    await expect(resolve(image)).rejects.toMatchObject({ code: 'not-found' })
    expect(await resolve(at('team/server:2'))).toMatchObject({ mediaType: MediaType.ociManifest })
  })
})

describe('copying', () => {
  it('takes referrers along, and counts', async () => {
    const from = await registry()
    const to = await registry()
    const image = from('team/server:1')
    await pushSample(image.target.repository, sampleImage(['a', 'b']), '1')
    await attach(image, { artifactType: REPORT })
    const events: OciEvent[] = []
    const root = await copy(image, to('mirror/server:1'), { onEvent: event => events.push(event) })
    expect(root.digest).toBe((await resolve(image)).digest)
    expect(await discover(to('mirror/server:1'), { artifactType: REPORT })).toHaveLength(1)
    expect(events).toContainEqual(expect.objectContaining({ type: 'image.copied' }))
  })

  it('of a set plans first, and sends what is shared once', async () => {
    const from = await registry()
    const to = await registry()
    const names = ['one', 'two', 'three']
    for (const name of names)
      await pushSample(from(`team/${name}:1`).target.repository, sampleImage(['shared', name]), '1')
    const pairs = names.map(name => ({ from: from(`team/${name}:1`), to: to(`mirror/${name}:1`) }))
    const { images, totals } = await executeCopy(await planCopy(pairs))
    expect(images.map(({ status }) => status)).toEqual(['copied', 'copied', 'copied'])
    expect(totals).toMatchObject({ sent: 5, mounted: 4 })
  })

  it('fails with what went wrong', async () => {
    const from = await registry()
    await expect(copy(from('team/none:1'), from('team/other:1'))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('ends when it is told to', async () => {
    const from = await registry()
    await pushSample(from('team/server:1').target.repository, sampleImage(['a']), '1')
    const signal = AbortSignal.abort()
    await expect(copy(from('team/server:1'), from('team/other:1'), { signal })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})

describe('packing', () => {
  const image = () => artifactIn(new MemoryStore(), 'team/server:1')

  it.each([
    [undefined, 'artifact type'],
    [{}, 'artifact type'],
    [{ config: EMPTY_DESCRIPTOR }, 'artifact type'],
    [{ artifactType: 'no type' }, 'media type'],
  ])('%o is refused: %s', async (options, message) => {
    await expect(pack(image(), options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    })
  })

  it('makes the same bytes of the same input', async () => {
    const annotations = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' }
    const one = await pack(image(), { artifactType: REPORT, annotations })
    expect(await pack(image(), { artifactType: REPORT, annotations })).toEqual(one)
  })

  it('refuses a manifest whose blobs are not there', async () => {
    const layer = { mediaType: 'text/plain', digest: `sha256:${'0'.repeat(64)}`, size: 1 } as const
    await expect(pack(image(), { artifactType: REPORT, layers: [layer] })).rejects.toMatchObject({
      code: 'blob-unknown',
    })
  })
})

it.each(['', 'Team/server:1', 'a b', 'a:', 'a@sha256:0', 'a//b', ':'])('%j is no name in a store', name =>
  expect(() => artifactIn(new MemoryStore(), name)).toThrowError(
    expect.objectContaining({ code: 'reference-invalid' }),
  ),
)
