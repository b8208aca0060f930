import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** Bytes and their digest, as a registry stores them. */
export interface Content {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Buffer
}

/** A test image, or an index with its children. It is made without the code under test. */
export interface Image {
  readonly manifest: Content
  /** blobs of the image and all children, each once */
  readonly blobs: readonly Content[]
  /** children of an index, which must be pushed before it */
  readonly children: readonly Image[]
}

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

const TYPES = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const

export type Format = keyof typeof TYPES

/** A layer that can be unpacked. It contains one file; without given content, the file does not compress. */
export interface Layer {
  readonly bytes: Buffer
  /** digest of the uncompressed tar */
  readonly diffId: string
}

export function makeLayer(name: string, content: number | Buffer | string): Layer {
  return layerOf(tarOf(name, Buffer.from(typeof content === 'number' ? randomBytes(content) : content)))
}

/** A layer with one program. */
export function makeProgramLayer(name: string, program: Buffer): Layer {
  return layerOf(tarOf(name, program, '0000755'))
}

function layerOf(tar: Buffer): Layer {
  return { bytes: gzipSync(tar, { level: 1 }), diffId: sha256(tar) }
}

export function makeImage(
  layers: readonly Layer[],
  format: Format = 'oci',
  platform: Platform = { os: 'linux', architecture: 'amd64' },
  labels: Readonly<Record<string, string>> = {},
  entrypoint?: readonly string[],
): Image {
  const types = TYPES[format]
  const config = contentOf(types.config, {
    ...platform,
    config: { Labels: labels, ...(entrypoint && { Entrypoint: entrypoint }) },
    rootfs: { type: 'layers', diff_ids: layers.map(layer => layer.diffId) },
  })
  const blobs = layers.map(({ bytes }): Content => ({ mediaType: types.layer, digest: sha256(bytes), bytes }))
  const manifest = contentOf(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptorOf(config),
    layers: blobs.map(blob => descriptorOf(blob)),
  })
  return { manifest, blobs: unique([config, ...blobs]), children: [] }
}

export function makeIndex(children: readonly (readonly [Platform, Image])[], format: Format = 'oci'): Image {
  const { index } = TYPES[format]
  const manifest = contentOf(index, {
    schemaVersion: 2,
    mediaType: index,
    manifests: children.map(([platform, child]) => ({ ...descriptorOf(child.manifest), platform })),
  })
  const images = children.map(([, child]) => child)
  return { manifest, blobs: unique(images.flatMap(child => child.blobs)), children: images }
}

export function unique(blobs: readonly Content[]): Content[] {
  return [...new Map(blobs.map(blob => [blob.digest, blob])).values()]
}

export function bytesOf(blobs: readonly Content[]): number {
  return unique(blobs).reduce((total, blob) => total + blob.bytes.length, 0)
}

export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function contentOf(mediaType: string, document: object): Content {
  const bytes = Buffer.from(JSON.stringify(document))
  return { mediaType, digest: sha256(bytes), bytes }
}

function descriptorOf({ mediaType, digest, bytes }: Content) {
  return { mediaType, digest, size: bytes.length }
}

const BLOCK = 512

/** Makes a ustar archive with one file. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
function tarOf(name: string, content: Buffer, mode = '0000644'): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(name)
  header.write(`${mode}\0`, 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc(((BLOCK - (content.length % BLOCK)) % BLOCK) + 2 * BLOCK)
  return Buffer.concat([header, content, padding])
}
