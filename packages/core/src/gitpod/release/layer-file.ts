import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { extract } from 'tar-stream'
import { GpregError, isGpregError, type ByteStream } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'
import { bounded } from '../../bounded.ts'

/** Limit for the bytes of an unpacked layer. The base layer of the versions image has about 6 MiB. */
const MAX_LAYER_BYTES = 64 * 1024 * 1024
const HINT = 'this is no image of a Gitpod release; check its name'

/**
 * Looks for a file at the root of a layer. The result is its bytes, `deleted` if the layer hides the file of lower layers, else
 * `absent`. The layer is read to its end, because its digest can be checked only then.
 * https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
 * @param maxBytes limit for the size of the file
 * @throws `input-invalid` if the layer cannot be unpacked or is too large, and the errors of the stream
 */
export async function findInLayer(
  layer: ByteStream,
  mediaType: string,
  file: string,
  maxBytes: number,
): Promise<Uint8Array | 'deleted' | 'absent'> {
  const hiding = new Set([file, `.wh.${file}`, '.wh..wh..opq'])
  let found: Uint8Array | undefined
  let hidden = false
  const tar = extract()
  const limited = (chunks: AsyncIterable<Uint8Array>) => bounded(chunks, 'a layer', MAX_LAYER_BYTES, HINT)
  const readEntries = async () => {
    for await (const entry of tar) {
      const name = entry.header.name.replace(/^\.?\/+/, '')
      hidden ||= hiding.has(name)
      if (name === file && entry.header.type === 'file')
        found = await buffer(bounded(entry as AsyncIterable<Uint8Array>, file, maxBytes, HINT))
      else entry.resume()
    }
  }
  try {
    await Promise.all([pipeline(layer, decompressor(mediaType), limited, tar), readEntries()])
  } catch (cause) {
    if (isGpregError(cause)) throw cause
    if ((cause as Error).name === 'AbortError') throw abortedError(cause)
    throw new GpregError('input-invalid', `a layer cannot be unpacked: ${(cause as Error).message}`, {
      cause,
    })
  }
  return found ?? (hidden ? 'deleted' : 'absent')
}

/** Finds the compression by the end of the media type, because the layer types of OCI and Docker end with its name. */
function decompressor(mediaType: string) {
  if (mediaType.endsWith('gzip')) return createGunzip()
  return mediaType.endsWith('zstd') ? createZstdDecompress() : new PassThrough()
}
