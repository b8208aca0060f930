import { createHash } from 'node:crypto'
import { GpregError, type ErrorSubject } from '../errors.ts'
import { assertManifestSize } from '../model/manifest.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest, type DigestAlgorithm } from '../model/digest.ts'
import type { ByteStream, Call, Fetcher } from './content.ts'

/**
 * Passes bytes through and throws where they are not what the descriptor says: as soon as there are too many, else at the end.
 * The last chunk is held back until the digest has been checked, so that a consumer can never complete a wrong blob.
 */
export async function* verified(
  stream: ByteStream,
  descriptor: Descriptor,
  subject: ErrorSubject = {},
): AsyncGenerator<Uint8Array> {
  const hash = createHash(digestAlgorithm(descriptor.digest))
  const about = { ...subject, digest: descriptor.digest }
  let size = 0
  let held: Uint8Array | undefined
  for await (const chunk of stream) {
    // An empty chunk must not push the last bytes out before they are checked.
    if (chunk.byteLength === 0) continue
    size += chunk.byteLength
    if (size > descriptor.size)
      throw new GpregError('size-mismatch', `expected ${descriptor.size} bytes, got more`, about)
    hash.update(chunk)
    if (held !== undefined) yield held
    held = chunk
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
  if (held !== undefined) yield held
}

/** What a stream hashes to, for what is on the disk already. */
export async function digestOfStream(stream: ByteStream, algorithm: DigestAlgorithm): Promise<Digest> {
  const hash = createHash(algorithm)
  for await (const chunk of stream) hash.update(chunk)
  return `${algorithm}:${hash.digest('hex')}`
}

/** Reads small content whole, checked. For manifests and configs: bounded by the manifest limit. */
export async function fetchBytes(
  fetcher: Fetcher,
  descriptor: Descriptor,
  call: Call = {},
): Promise<Uint8Array> {
  assertManifestSize(descriptor.size, { digest: descriptor.digest })
  const chunks: Uint8Array[] = []
  for await (const chunk of fetcher.fetch(descriptor, { signal: call.signal })) chunks.push(chunk)
  return Buffer.concat(chunks)
}
