import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import type { GpregEvent } from '../events.ts'
import { MediaType, digestOf, formatReference, parseReference, contentFrom, MemoryStore } from '@gpreg/oci'
import { parsePrefix } from '@gpreg/oci/engine'
import { collectBundleSet, collectImageSet } from './collect.ts'
import type { ImageSetRequest, ImageSetWorld } from './image-set-request.ts'
import { createLock, writeLock } from '../documents/lock.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-set-'))))
afterEach(() => rm(directory, { recursive: true }))

const events: GpregEvent[] = []
const world = (stdin = ''): ImageSetWorld => ({
  context: createContext({ emit: event => events.push(event) }),
  openVersions: () => Promise.reject(new TypeError('no network in this test')),
  stdin: async () => stdin,
})
async function collect(request: ImageSetRequest, stdin = '') {
  events.length = 0
  return collectImageSet(request, world(stdin))
}
const targets = async (request: ImageSetRequest, stdin?: string) =>
  (await collect(request, stdin)).images.map(
    ({ source, target }) =>
      `${formatReference(source)} ${target === undefined ? '-' : formatReference(target)}`,
  )
async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text)
  return join(directory, name)
}
const to = parsePrefix('r.io/g')

describe('collectImageSet', () => {
  it('joins the images of all inputs, without duplicates, sorted', async () => {
    const list = await file('list.txt', 'redis:6.2\nalpine:3\n')
    const { images } = await collect(
      { images: [list, '-'], image: ['docker.io/redis:6.2'] },
      'quay.io/a/b:1\n',
    )
    expect(images.map(({ source }) => formatReference(source))).toEqual([
      'docker.io/library/alpine:3',
      'docker.io/library/redis:6.2',
      'quay.io/a/b:1',
    ])
    expect(images[1]!.origins).toEqual(['image:docker.io/redis:6.2', `images:${list}:1`])
  })

  it('uses the targets in a list only if the request has no target', async () => {
    const list = '[{"original":"redis:6","target":"old.io/x/redis:6"}]'
    expect(await targets({ images: ['-'], image: ['redis:6'] }, list)).toEqual([
      'docker.io/library/redis:6 old.io/x/redis:6',
    ])
    expect(await targets({ images: ['-'], to }, list)).toEqual([
      'docker.io/library/redis:6 r.io/g/library/redis:6',
    ])
  })

  it('gives an image one name per naming, without duplicates', async () => {
    expect(
      await targets({
        image: ['quay.io/a/b:1', 'quay.io/c:1'],
        to,
        namings: ['installer', 'flat', 'source'],
      }),
    ).toEqual(['quay.io/a/b:1 r.io/g/a/b:1', 'quay.io/a/b:1 r.io/g/b:1', 'quay.io/c:1 r.io/g/c:1'])
  })

  it('refuses two images with the same target name, and the message has both', async () => {
    const collision = collect({ image: ['quay.io/a/x:1', 'ghcr.io/b/x:1'], to, namings: ['flat'] })
    await expect(collision).rejects.toMatchObject({
      code: 'target-collision',
      message: 'ghcr.io/b/x:1 and quay.io/a/x:1 would both become r.io/g/x:1',
    })
    const pins = ['x', 'y'].map(text => `redis:6@${digestOf(text)}`)
    await expect(collect({ image: pins, to })).rejects.toMatchObject({ code: 'target-collision' })
    await expect(collect({ image: ['redis:6', ...pins], to })).rejects.toMatchObject({
      code: 'target-collision',
    })
  })

  it('takes a tag beside the same tag with a digest for one image', async () => {
    const { images } = await collect({ image: ['redis:6', `redis:6@${digestOf('x')}`], to })
    expect(images).toMatchObject([
      { source: { tag: '6', digest: digestOf('x') }, isTagNamed: true, origins: { length: 2 } },
    ])
  })

  it('drops an image of the target registry if another image gets the same name', async () => {
    const image = ['r.io/g/library/redis:6', 'redis:6', 'r.io/g/own:1']
    expect(await targets({ image, to })).toEqual([
      'docker.io/library/redis:6 r.io/g/library/redis:6',
      'r.io/g/own:1 r.io/g/own:1',
    ])
  })

  it('leaves out images by pattern and by purpose', async () => {
    const image = ['redis:6', 'quay.io/ide/rider:1', 'gitpod/workspace-full']
    const set = await collect({ image, exclude: ['*/ide/rider:*', 'rider'] })
    expect(set.images).toHaveLength(2)
    expect(set.excluded).toEqual([
      { source: parseReference('quay.io/ide/rider:1'), pattern: '*/ide/rider:*' },
    ])
    expect(events).toMatchObject([{ code: 'image-set', message: expect.stringContaining("'rider'") }])
    expect(await targets({ image, purposes: ['workspace-base'] })).toEqual([
      'docker.io/gitpod/workspace-full:latest -',
    ])
  })

  it('takes target and naming from the installer configuration, but prefers flags', async () => {
    const config = await file(
      'c.yaml',
      'repository: c.io/x\ndropImageRepo: true\nworkspace: {workspaceImage: gitpod/workspace-go}\n',
    )
    expect(await targets({ config })).toEqual([
      'docker.io/gitpod/workspace-go:latest c.io/x/workspace-go:latest',
    ])
    expect(await targets({ config, to, namings: ['installer'] })).toEqual([
      'docker.io/gitpod/workspace-go:latest r.io/g/gitpod/workspace-go:latest',
    ])
  })

  it("takes the original for the mirror's copy that a configuration names, also for a bundle", async () => {
    const copy = 'c.io/x/gitpod/workspace-full:latest'
    const config = await file('c.yaml', `repository: c.io/x\nworkspace: {workspaceImage: "${copy}"}\n`)
    expect(await targets({ config })).toEqual([`docker.io/gitpod/workspace-full:latest ${copy}`])
    const { images } = await collectBundleSet({ config }, world())
    expect(images).toMatchObject([
      { source: { host: 'docker.io' }, name: { repository: 'gitpod/workspace-full', tag: 'latest' } },
    ])
  })

  it('keeps the digest in a lock, also if another input names the image', async () => {
    const locked = { digest: digestOf('x'), mediaType: 'application/x', size: 1, bytes: 2, referrers: [] }
    const entry = {
      source: parseReference('redis:6'),
      purpose: 'components',
      origins: ['image:redis:6'],
    } as const
    const lock = await file('l.json', writeLock(createLock([{ entry, image: locked }], new Date(0))))
    const { images } = await collect({ lock, image: ['redis:6'], to })
    expect(images).toMatchObject([{ locked, target: parseReference('r.io/g/library/redis:6') }])
  })

  it('reads a versions manifest, and warns if it uses the catalogue of another release', async () => {
    const versions = await file('v.yaml', 'version: release-2022.11.2\ncomponents: {server: {version: s}}\n')
    const { images } = await collect({ versions })
    expect(images.some(({ origins }) => origins.includes('versions:components.server'))).toBe(true)
    expect(images.some(({ origins }) => origins.includes('catalogue:2022.11.3'))).toBe(true)
    expect(events.some(event => event.type === 'warning' && event.code === 'image-set')).toBe(true)
  })

  it.each<[ImageSetRequest, string]>([
    [{}, 'image-set-empty'],
    [{ image: ['redis'], exclude: ['*'] }, 'image-set-empty'],
    [{ image: ['https://x.io/y'] }, 'reference-invalid'],
    [{ images: ['/absent/list'] }, 'input-unreadable'],
    [{ release: 'release-1999.1' }, 'release-unknown'],
    [{ versions: '-' }, 'release-unknown'],
  ])('refuses %j', async (request, code) => {
    await expect(collect(request, 'components: {}')).rejects.toMatchObject({ code, hint: expect.any(String) })
  })
})

describe('--release', () => {
  it('reads the versions manifest from the versions image of the release', async () => {
    const archive = pack()
    archive.entry({ name: 'versions.yaml' }, 'components: {server: {version: commit-1}}')
    archive.finalize()
    const store = new MemoryStore()
    const add = async (repository: string, mediaType: string, bytes: Uint8Array) => {
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
      await store.repository(repository).push(descriptor, contentFrom(bytes))
      return descriptor
    }
    const { images } = await collectImageSet(
      { release: '2022.11.3', to },
      {
        context: createContext(),
        stdin: () => Promise.reject(new TypeError('not asked for')),
        openVersions: async reference => {
          expect(formatReference(reference)).toBe(
            'eu.gcr.io/gitpod-core-dev/build/versions:release-2022.11.3',
          )
          const name = reference.repository
          const layer = await add(name, 'application/vnd.oci.image.layer.v1.tar', await buffer(archive))
          const config = await add(name, MediaType.ociConfig, Buffer.from('{}'))
          const manifest = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers: [layer] }
          const bytes = Buffer.from(JSON.stringify(manifest))
          const descriptor = await add(name, MediaType.ociManifest, bytes)
          await store.repository(name).tag(reference.tag!, descriptor, bytes)
          return store.repository(name)
        },
      },
    )
    expect(images.map(({ target }) => formatReference(target!))).toEqual(
      expect.arrayContaining([
        'r.io/g/server:commit-1',
        'r.io/g/library/redis:6.2',
        'r.io/g/ide/code:nightly',
      ]),
    )
  })
})
