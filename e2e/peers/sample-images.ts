import { createHash } from 'node:crypto'
import type { Digest } from '@gpreg/oci'
import { describe, sampleImage, sampleIndex, type Sample } from '@gpreg/oci/testing'
import { hash } from './raw-manifests.ts'

/** Bytes that do not compress, the same ones in every run. */
export function noise(size: number, seed = 'gpreg'): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, index) =>
    createHash('sha512').update(`${seed} ${index}`).digest(),
  )
  return Buffer.concat(blocks).subarray(0, size)
}

const layers = ['a small layer', noise(300_000)]
const large = noise(24_000_000)

export const plainImage = (): Sample => sampleImage(layers)
export const dockerImage = (): Sample => sampleImage(layers, { docker: true })
export const largeImage = (): Sample => sampleImage(['a small layer', large])
export const plainIndex = (): Sample =>
  sampleIndex({ amd64: plainImage(), arm64: sampleImage(['for arm'], { architecture: 'arm64' }) })

type Fields = Readonly<Record<string, unknown>>

/** The same image or index with other fields. A field that is undefined is left out. */
export function altered(sample: Sample, change: Fields | ((document: Fields) => Fields)): Sample {
  const document = JSON.parse(sample.bytes.toString()) as Fields
  const fields = typeof change === 'function' ? change(document) : change
  return { ...sample, ...describe(JSON.stringify({ ...document, ...fields }), sample.descriptor.mediaType) }
}

/** The same index with other entries. */
export function withEntries(sample: Sample, change: (entry: Fields) => Fields): Sample {
  return altered(sample, ({ manifests }) => ({ manifests: (manifests as Fields[]).map(change) }))
}

/** An image whose config and layers have SHA-512 digests. */
export function sha512Image(): Sample {
  const image = plainImage()
  const blobs = [...image.blobs.values()].map(({ descriptor, bytes }) => ({
    descriptor: { ...descriptor, digest: hash('sha512', bytes) as Digest },
    bytes,
  }))
  const [config, ...rest] = blobs.map(({ descriptor }) => descriptor)
  return {
    ...altered(image, { config, layers: rest }),
    blobs: new Map(blobs.map(blob => [blob.descriptor.digest, blob])),
  }
}

/** An index whose entries are named by SHA-512 digests. */
export function sha512Index(): Sample {
  const index = plainIndex()
  const children = index.children.map(child => {
    const digest = hash('sha512', child.bytes) as Digest
    return { ...child, descriptor: { ...child.descriptor, digest } }
  })
  const digests = new Map(
    index.children.map(({ descriptor }, at) => [descriptor.digest, children[at]!.descriptor.digest]),
  )
  return {
    ...withEntries(index, entry => ({ ...entry, digest: digests.get(entry['digest'] as Digest) })),
    children,
  }
}

/** An index of indexes. */
export function nestedIndex(): Sample {
  return sampleIndex({ amd64: plainIndex(), arm64: sampleImage(['for arm, too']) })
}

/** An index that lists a blob besides an image. */
export function indexWithBlob(): Sample {
  const blob = describe('a blob in an index', 'application/vnd.example.blob')
  const index = altered(sampleIndex({ amd64: plainImage() }), ({ manifests }) => ({
    manifests: [...(manifests as Fields[]), blob.descriptor],
  }))
  return { ...index, blobs: new Map([[blob.descriptor.digest, blob]]) }
}

/** A manifest of a given size. */
export function heavyManifest(size: number): Sample {
  const image = plainImage()
  return altered(image, {
    annotations: { 'org.example.note': 'x'.repeat(size - image.bytes.byteLength - 60) },
  })
}

/** An image with many small layers. */
export function manyLayers(count: number): Sample {
  return sampleImage(Array.from({ length: count }, (_, nth) => `layer ${nth}`))
}
