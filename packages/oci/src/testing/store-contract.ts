import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestOf } from '../model/hash.ts'
import { isMounter, isReferrerLister, isTagLister } from '../store/capabilities.ts'
import { contentFrom, type ByteStream, type Repository, type Store } from '../store/content.ts'
import { describe as blobOf, pushSample, sampleImage, sampleIndex, type Sample } from './sample-image.ts'

export interface StoreTraits {
  /** Content is only in the repositories that it was pushed to or mounted into. */
  readonly keepsRepositoriesApart: boolean
}

/**
 * The tests that every store must pass.
 * @param make opens a new store; `planned` is everything that a test will push, for stores that must know it beforehand
 */
export function storeContract(
  name: string,
  make: (planned: readonly Descriptor[]) => Promise<Store>,
  traits: StoreTraits,
): void {
  describe(`${name} is a store`, () => {
    let store: Store
    let repository: Repository
    const open = async (...planned: readonly Planned[]) => {
      store = await make(planned.flatMap(descriptorsOf))
      repository = store.repository('library/app')
    }

    it('gives back pushed content byte for byte, from any offset', async () => {
      const blob = blobOf(randomBytes(3_000_000), MediaType.ociLayerGzip)
      await open(blob)
      const { descriptor, bytes } = blob
      await repository.push(descriptor, contentFrom(bytes))
      expect(await repository.exists(descriptor)).toBe(true)
      expect((await read(repository.fetch(descriptor))).equals(bytes)).toBe(true)
      expect(
        (await read(repository.fetch(descriptor, { offset: 2_999_990 }))).equals(bytes.subarray(2_999_990)),
      ).toBe(true)
    })

    it('keeps an empty blob and sha512 content', async () => {
      const empty = blobOf('', MediaType.ociLayerGzip)
      const bytes = Buffer.from('long digest')
      const descriptor = {
        mediaType: MediaType.ociLayerGzip,
        digest: digestOf(bytes, 'sha512'),
        size: bytes.byteLength,
      }
      await open(empty, { descriptor })
      await repository.push(empty.descriptor, contentFrom(empty.bytes))
      expect((await read(repository.fetch(empty.descriptor))).byteLength).toBe(0)
      await repository.push(descriptor, contentFrom(bytes))
      expect((await read(repository.fetch(descriptor))).equals(bytes)).toBe(true)
    })

    it('fails with not-found for unknown content', async () => {
      const { descriptor } = blobOf('absent', MediaType.ociLayerGzip)
      await open()
      expect(await repository.exists(descriptor)).toBe(false)
      await expect(read(repository.fetch(descriptor))).rejects.toMatchObject({ code: 'not-found' })
      await expect(repository.resolve('absent')).rejects.toMatchObject({ code: 'not-found' })
      await expect(repository.resolve(descriptor.digest)).rejects.toMatchObject({ code: 'not-found' })
    })

    it.each([
      ['other bytes', 'Hello', 'digest-mismatch'],
      ['too few bytes', 'hell', 'size-mismatch'],
      ['too many bytes', 'hello!', 'size-mismatch'],
    ])('refuses %s, and stores none of them', async (_, sent, code) => {
      const { descriptor } = blobOf('hello', MediaType.ociLayerGzip)
      await open({ descriptor })
      const { verified } = await import('../store/verify.ts')
      const content = { open: () => verified(contentFrom(Buffer.from(sent)).open({ offset: 0 }), descriptor) }
      await expect(repository.push(descriptor, content)).rejects.toMatchObject({ code })
      expect(await repository.exists(descriptor)).toBe(false)
    })

    it('stores nothing of a blob whose content breaks off', async () => {
      const { descriptor, bytes } = blobOf(randomBytes(500_000), MediaType.ociLayerGzip)
      await open({ descriptor })
      async function* broken(): ByteStream {
        yield bytes.subarray(0, 400_000)
        throw new RangeError('the line went down')
      }
      await expect(repository.push(descriptor, { open: broken })).rejects.toThrow('the line went down')
      expect(await repository.exists(descriptor)).toBe(false)
    })

    it('stores nothing of a blob whose push is aborted', async () => {
      const { descriptor, bytes } = blobOf(randomBytes(500_000), MediaType.ociLayerGzip)
      await open({ descriptor })
      const abort = new AbortController()
      async function* slow(): ByteStream {
        yield bytes.subarray(0, 100_000)
        abort.abort()
        yield bytes.subarray(100_000)
      }
      await expect(repository.push(descriptor, { open: slow }, { signal: abort.signal })).rejects.toThrow()
      expect(await repository.exists(descriptor)).toBe(false)
    })

    it('takes the same blob from two writers', async () => {
      const { descriptor, bytes } = blobOf(randomBytes(1_000_000), MediaType.ociLayerGzip)
      await open({ descriptor })
      await Promise.all([1, 2, 3].map(() => repository.push(descriptor, contentFrom(bytes))))
      expect((await read(repository.fetch(descriptor))).equals(bytes)).toBe(true)
    })

    it('resolves tags and digests of manifests, OCI and Docker, bytes untouched', async () => {
      for (const docker of [false, true]) {
        const image = sampleImage(['base', `own ${docker}`], { docker })
        await open(image)
        await pushSample(repository, image, 'v1')
        expect(await repository.resolve('v1')).toEqual(plain(image.descriptor))
        expect(await repository.resolve(image.descriptor.digest)).toEqual(plain(image.descriptor))
        expect((await read(repository.fetch(image.descriptor))).equals(image.bytes)).toBe(true)
      }
    })

    it('keeps manifests without a tag, and moves tags', async () => {
      const [first, second] = [sampleImage(['one']), sampleImage(['two'])]
      await open(first, second)
      await pushSample(repository, first)
      expect((await repository.resolve(first.descriptor.digest)).digest).toBe(first.descriptor.digest)
      await pushSample(repository, first, 'latest')
      await pushSample(repository, second, 'latest')
      expect((await repository.resolve('latest')).digest).toBe(second.descriptor.digest)
      expect(await repository.exists(first.descriptor)).toBe(true)
    })

    it('refuses a manifest before its children', async () => {
      const image = sampleImage(['missing layer'])
      await open(image)
      await expect(repository.tag('v1', image.descriptor, image.bytes)).rejects.toMatchObject({
        code: 'blob-unknown',
      })
      await expect(repository.resolve('v1')).rejects.toMatchObject({ code: 'not-found' })
    })

    it('keeps an index with its children', async () => {
      const index = sampleIndex({
        amd64: sampleImage(['a']),
        arm64: sampleImage(['b'], { architecture: 'arm64' }),
      })
      await open(index)
      await pushSample(repository, index, 'multi')
      expect((await read(repository.fetch(await repository.resolve('multi')))).equals(index.bytes)).toBe(true)
    })

    it('separates its repositories if its kind does', async () => {
      const { descriptor, bytes } = blobOf('only here', MediaType.ociLayerGzip)
      await open({ descriptor })
      await repository.push(descriptor, contentFrom(bytes))
      expect(await store.repository('library/other').exists(descriptor)).toBe(!traits.keepsRepositoriesApart)
    })

    it('mounts a blob of another repository', async context => {
      const { descriptor, bytes } = blobOf('shared', MediaType.ociLayerGzip)
      await open({ descriptor })
      const other = store.repository('library/other')
      if (!isMounter(other)) return context.skip()
      expect(await other.mount(descriptor, 'library/app')).toBe(false)
      await repository.push(descriptor, contentFrom(bytes))
      expect(await other.mount(descriptor, 'library/app')).toBe(true)
      expect((await read(other.fetch(descriptor))).equals(bytes)).toBe(true)
    })

    it('lists tags in order', async context => {
      const images = new Map(['b', 'a', 'c'].map(tag => [tag, sampleImage([tag])]))
      await open(...images.values())
      if (!isTagLister(repository)) return context.skip()
      for (const [tag, image] of images) await pushSample(repository, image, tag)
      const tags: string[] = []
      for await (const tag of repository.tags()) tags.push(tag)
      expect(tags).toEqual(['a', 'b', 'c'])
    })

    it('lists the referrers of a manifest', async context => {
      const image = sampleImage(['subject'])
      const sbom = sampleImage(['sbom'], { subject: image.descriptor, artifactType: 'application/spdx+json' })
      await open(image, sbom)
      if (!isReferrerLister(repository)) return context.skip()
      await pushSample(repository, image, 'v1')
      expect(await repository.referrers(image.descriptor.digest)).toEqual([])
      await pushSample(repository, sbom)
      expect(await repository.referrers(image.descriptor.digest)).toMatchObject([
        { digest: sbom.descriptor.digest, artifactType: 'application/spdx+json' },
      ])
    })
  })
}

/** A blob, or an image with all that it needs. */
type Planned = Pick<Sample, 'descriptor'> & Partial<Pick<Sample, 'blobs' | 'children'>>

function descriptorsOf({ descriptor, blobs, children = [] }: Planned): Descriptor[] {
  const own = [...(blobs?.values() ?? [])].map(blob => blob.descriptor)
  return [...children.flatMap(descriptorsOf), ...own, descriptor]
}

async function read(stream: ByteStream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}
