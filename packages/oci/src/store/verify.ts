import { createHash } from 'node:crypto'
import { GpregError, type ErrorSubject } from '../errors.ts'
import { joinChunks } from '../machine/read-buffers.ts'
import { assertManifestSize } from '../model/manifest.ts'
import { isManifestType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest, type DigestAlgorithm } from '../model/digest.ts'
import type { ByteStream, Call, Fetcher } from './content.ts'

/**
 * Passes bytes through and throws if size or digest are wrong: as soon as there are too many bytes, otherwise at the end. The chunk
 * that completes the size is yielded only after the digest is checked, so that a consumer can never complete a wrong blob.
 */
export async function* verified(
  stream: ByteStream,
  descriptor: Descriptor,
  subject: ErrorSubject = {},
): AsyncGenerator<Uint8Array> {
  const hash = createHash(digestAlgorithm(descriptor.digest))
  const about = { ...subject, digest: descriptor.digest }
  let size = 0
  let last: Uint8Array | undefined
  for await (const chunk of stream) {
    if (chunk.byteLength === 0) continue
    size += chunk.byteLength
    if (size > descriptor.size)
      throw new GpregError('size-mismatch', `expected ${descriptor.size} bytes, got more`, about)
    hash.update(chunk)
    if (size < descriptor.size) yield chunk
    else last = chunk
  }
  if (size !== descriptor.size) {
    throw new GpregError('size-mismatch', `expected ${descriptor.size} bytes, got ${size}`, about)
  }
  const found = hash.digest('hex')
  if (found !== digestHex(descriptor.digest)) {
    const algorithm = digestAlgorithm(descriptor.digest)
    throw new GpregError('digest-mismatch', `expected ${descriptor.digest}, got ${algorithm}:${found}`, {
      ...about,
      hint: 'the content changed on its way or is damaged where it is kept; verify --deep shows which',
    })
  }
  if (last !== undefined) yield last
}

/** The digest of a stream. */
export async function digestOfStream(stream: ByteStream, algorithm: DigestAlgorithm): Promise<Digest> {
  const hash = createHash(algorithm)
  for await (const chunk of stream) hash.update(chunk)
  return `${algorithm}:${hash.digest('hex')}`
}

/** Reads small content whole and checked. For manifests and configs, because it is limited to the size of a manifest. */
export async function fetchBytes(
  fetcher: Fetcher,
  descriptor: Descriptor,
  call: Call = {},
): Promise<Uint8Array> {
  const { digest, size, mediaType } = descriptor
  assertManifestSize(size, { digest }, isManifestType(mediaType) ? 'manifest' : 'blob that is read whole')
  const chunks: Uint8Array[] = []
  for await (const chunk of fetcher.fetch(descriptor, { signal: call.signal })) chunks.push(chunk)
  return joinChunks(chunks)
}
