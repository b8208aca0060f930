import { createHash, randomBytes } from 'node:crypto'
import {
  MediaType,
  type Descriptor,
  digestOf,
  type Digest,
  contentFrom,
  type ByteStream,
  type Content,
} from '@gpreg/oci'

/** A manifest and its blobs. Their content is random, so that no registry has it already. */
export interface ProbeImage {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly blobs: readonly ProbeBlob[]
}

export interface ProbeBlob {
  readonly descriptor: Descriptor
  readonly content: Content
}

const BLOCK = 1024 * 1024
const SMALL = 64 * 1024

/** A test image with one layer. With a subject, it is an artifact that refers to the subject. */
export function probeImage(subject?: Descriptor): ProbeImage {
  const layer = probeBlob(SMALL)
  const configBytes = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: [layer.descriptor.digest] },
      config: {},
    }),
  )
  const config = {
    descriptor: describe(configBytes, MediaType.ociConfig),
    content: contentFrom(configBytes),
  }
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      ...(subject === undefined ? {} : { artifactType: 'application/vnd.gpreg.probe', subject }),
      config: config.descriptor,
      layers: [layer.descriptor],
    }),
  )
  return { descriptor: describe(bytes, MediaType.ociManifest), bytes, blobs: [config, layer] }
}

/** A blob of `size` bytes. One random block of at most 1 MiB is repeated, so that only this block is in memory. */
export function probeBlob(size: number): ProbeBlob {
  const block = randomBytes(Math.min(size, BLOCK))
  const hash = createHash('sha256')
  for (let left = size; left > 0; left -= block.length) hash.update(block.subarray(0, left))
  const digest: Digest = `sha256:${hash.digest('hex')}`
  return { descriptor: { mediaType: MediaType.ociLayerGzip, digest, size }, content: repeated(block, size) }
}

function repeated(block: Uint8Array, size: number): Content {
  return {
    async *open({ offset = 0 }): ByteStream {
      for (let at = offset; at < size;) {
        const start = at % block.length
        const chunk = block.subarray(start, Math.min(block.length, start + size - at))
        at += chunk.length
        yield chunk
      }
    },
  }
}

function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
}
