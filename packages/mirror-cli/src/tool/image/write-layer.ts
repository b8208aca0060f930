import { createHash, type Hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { MediaType, type ByteStream, type Descriptor, type Digest, type Ingester } from '@gpreg/oci'
import { GZIP, hashing, packFiles, type PackedFile } from '../pack-files.ts'

/** A layer that is stored. */
export interface Layer {
  readonly descriptor: Descriptor
  /** digest of the tar before it is compressed */
  readonly diffId: Digest
  /** what is in it, for the history of the image */
  readonly comment: string
}

/** The byte of a gzip header that names the operating system, and its value for an unknown one. https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const [SYSTEM_AT, UNKNOWN_SYSTEM] = [9, 255]

/**
 * Compresses files into a layer. All dates are the beginning of 1970, so that the same files make the same bytes.
 * @throws `storage`, `aborted`, errors of reading the files
 */
export async function writeLayer(
  repository: Ingester,
  files: readonly PackedFile[],
  comment: string,
  signal: AbortSignal,
): Promise<Layer> {
  const [plain, compressed] = [createHash('sha256'), createHash('sha256')]
  // A repository always begins an ingest; only one that is named may be gone.
  const ingest = (await repository.ingest())!
  try {
    await pipeline(
      packFiles(files, new Date(0)),
      hashing(plain),
      createGzip(GZIP),
      withoutSystem,
      hashing(compressed),
      stream => ingest.append(stream, { signal }),
      { signal },
    )
  } catch (error) {
    await ingest.discard()
    throw error
  }
  const { digest, size } = await ingest.commit(digestOf(compressed))
  return {
    descriptor: { mediaType: MediaType.ociLayerGzip, digest, size },
    diffId: digestOf(plain),
    comment,
  }
}

/** zlib writes the operating system into the header, which would make another digest on another system. */
async function* withoutSystem(chunks: ByteStream) {
  let at = 0
  for await (const chunk of chunks) {
    if (at <= SYSTEM_AT && at + chunk.byteLength > SYSTEM_AT) chunk[SYSTEM_AT - at] = UNKNOWN_SYSTEM
    at += chunk.byteLength
    yield chunk
  }
}

function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`
}
