import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { GpregError, MediaType, type Descriptor, digestOf, type Digest, formatReference, contentFrom, type ReadableRepository } from '@gpreg/oci'
import { readVersionsImage, versionsImage } from './versions-image.ts'

/** A repository in memory with one image under every tag. */
class Fixture implements ReadableRepository {
  readonly name = 'versions'
  readonly #content = new Map<Digest, Uint8Array>()
  #root: Descriptor | undefined

  add(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes)
    this.#content.set(digest, bytes)
    return (this.#root = { mediaType, digest, size: bytes.byteLength })
  }

  addJson(mediaType: string, json: object): Descriptor {
    return this.add(mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...json })))
  }

  addImage(layers: readonly Descriptor[]): Descriptor {
    const config = this.add(MediaType.ociConfig, Buffer.from(`{"layers":${layers.length}}`))
    return this.addJson(MediaType.ociManifest, { config, layers })
  }

  async resolve(tag: string): Promise<Descriptor> {
    if (this.#root === undefined) throw new GpregError('not-found', `no tag ${tag}`)
    return this.#root
  }

  fetch(descriptor: Descriptor) {
    return contentFrom(this.#content.get(descriptor.digest)!).open({})
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    return this.#content.has(descriptor.digest)
  }
}

type Files = Readonly<Record<string, string | Uint8Array>>
async function tar(files: Files): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content))
  archive.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
async function repositoryOf(...layers: Files[]): Promise<Fixture> {
  const repository = new Fixture()
  const descriptors: Descriptor[] = []
  for (const files of layers)
    descriptors.push(repository.add(MediaType.dockerLayerGzip, gzipSync(await tar(files))))
  repository.addImage(descriptors)
  return repository
}
const image = versionsImage('release-2022.11.3')
const read = (repository: Fixture) => readVersionsImage(image, repository, createContext())

describe('readVersionsImage', () => {
  it('reads the file from the topmost layer that has it', async () => {
    const repository = await repositoryOf(
      { 'versions.yaml': 'old' },
      { './versions.yaml': 'new', 'etc/versions.yaml': 'no' },
      { x: 'y' },
    )
    expect(await read(repository)).toBe('new')
  })

  it.each(['.wh.versions.yaml', '.wh..wh..opq'])('respects the whiteout %s', async name => {
    await expect(read(await repositoryOf({ 'versions.yaml': 'old' }, { [name]: '' }))).rejects.toMatchObject({
      code: 'not-found',
    })
    expect(
      await read(await repositoryOf({ 'versions.yaml': 'old' }, { [name]: '', 'versions.yaml': 'new' })),
    ).toBe('new')
  })

  it('reads the linux/amd64 image of an index, else the first image', async () => {
    const repository = new Fixture()
    const child = async (text: string) =>
      repository.addImage([
        repository.add('application/vnd.oci.image.layer.v1.tar', await tar({ 'versions.yaml': text })),
      ])
    const arm = { ...(await child('arm')), platform: { os: 'linux', architecture: 'arm64' } }
    const amd = { ...(await child('amd')), platform: { os: 'linux', architecture: 'amd64' } }
    repository.addJson(MediaType.ociIndex, { manifests: [arm, amd] })
    expect(await read(repository)).toBe('amd')
    repository.addJson(MediaType.ociIndex, { manifests: [arm] })
    expect(await read(repository)).toBe('arm')
    repository.addJson(MediaType.ociIndex, { manifests: [] })
    await expect(read(repository)).rejects.toMatchObject({ code: 'manifest-invalid' })
  })

  it('reads layers packed with zstd', async () => {
    const repository = new Fixture()
    const layer = zstdCompressSync(await tar({ 'versions.yaml': 'z' }))
    repository.addImage([repository.add('application/vnd.oci.image.layer.v1.tar+zstd', layer)])
    expect(await read(repository)).toBe('z')
  })

  it('refuses layers that cannot be unpacked or are too large', async () => {
    const broken = new Fixture()
    broken.addImage([broken.add(MediaType.dockerLayerGzip, Buffer.from('no gzip'))])
    await expect(read(broken)).rejects.toMatchObject({ code: 'input-invalid' })
    const bomb = await repositoryOf({ zeros: new Uint8Array(65 * 1024 * 1024) })
    await expect(read(bomb)).rejects.toMatchObject({ code: 'input-invalid', message: /unpacks to more than/ })
    const large = await repositoryOf({ 'versions.yaml': new Uint8Array(2 * 1024 * 1024) })
    await expect(read(large)).rejects.toMatchObject({ code: 'input-invalid', message: /versions.yaml/ })
  })

  it('gives a hint if the image does not exist', async () => {
    await expect(read(new Fixture())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/^the versions manifest of this release is in eu\.gcr\.io.*: no tag/),
      hint: expect.stringContaining('--versions'),
    })
  })
})

describe('versionsImage', () => {
  it.each([
    ['release-2022.11.3', 'release-2022.11.3'],
    ['2022.11.3', 'release-2022.11.3'],
    ['main.2968', 'main.2968'],
  ])('of %s is tagged %s', (release, tag) => {
    expect(formatReference(versionsImage(release))).toBe(`eu.gcr.io/gitpod-core-dev/build/versions:${tag}`)
  })

  it('refuses a version that cannot be a tag', () => {
    expect(() => versionsImage('a b')).toThrow(expect.objectContaining({ code: 'release-unknown' }))
  })
})
