import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import {
  formatPlatform,
  GpregError,
  isGpregError,
  type ByteStream,
  type ReadableRepository,
} from '@gpreg/oci'
import { extract } from 'tar-stream'
import type { BasePlatform } from './base-image.ts'
import { readElfNeeds } from './elf-needs.ts'

const HINT =
  'name an image with glibc and libstdc++, e.g. --base gcr.io/distroless/cc-debian12, or leave out --base for the libraries of this machine'

/**
 * Looks in the layers of a base for the libraries of its Node. The lowest layer has them in most images, and nothing is read after the
 * last one is found. A base whose layers cannot be unpacked passes: what it holds is not known.
 * @param name of the base, for messages
 * @throws `input-invalid` for a base without them, such as one with musl, or with a glibc that is too old, and the errors of the base
 */
export async function assertLibraries(
  { node, platform, layers }: BasePlatform,
  base: ReadableRepository,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const needs = await readElfNeeds(node.path)
  if (needs === undefined) return
  const missing = new Set(needs.libraries)
  let hasMusl = false
  let oldGlibc: string | undefined
  for (const layer of layers) {
    if (missing.size === 0) break
    const isReadable = await eachFile(base.fetch(layer, { signal }), layer.mediaType, file => {
      missing.delete(file)
      hasMusl ||= file.startsWith('ld-musl-')
      // Until 2.33 the file has the version in its name, and libc.so.6 is a link to it.
      const [, version] = /^libc-2\.(\d+)\.so$/.exec(file) ?? []
      if (version !== undefined && Number(version) < (needs.glibc ?? 0)) oldGlibc = `2.${version}`
      return missing.size === 0
    })
    if (!isReadable) return
  }
  const refuse = (what: string) => {
    throw new GpregError(
      'input-invalid',
      `Node does not start on ${name} (${formatPlatform(platform)}): ${what}`,
      {
        reference: name,
        hint: HINT,
      },
    )
  }
  if (oldGlibc !== undefined) refuse(`it has glibc ${oldGlibc}, and this Node needs 2.${needs.glibc}`)
  if (missing.size === 0) return
  if (hasMusl) refuse('it has musl, and this Node needs glibc')
  refuse(`it lacks ${[...missing].join(', ')}`)
}

/**
 * Gives the base name of each file of a layer, until one is enough.
 * @param isEnough says true if no more names are wanted
 * @returns false if the layer cannot be unpacked
 */
async function eachFile(
  layer: ByteStream,
  mediaType: string,
  isEnough: (file: string) => boolean,
): Promise<boolean> {
  const tar = extract()
  const enough = new AbortController()
  const readNames = async () => {
    for await (const entry of tar) {
      entry.resume()
      const { name, type } = entry.header
      if (type !== 'directory' && isEnough(name.slice(name.lastIndexOf('/') + 1))) return enough.abort()
    }
  }
  try {
    await Promise.all([pipeline(layer, decompressor(mediaType), tar, { signal: enough.signal }), readNames()])
  } catch (error) {
    if (enough.signal.aborted) return true
    if (isGpregError(error)) throw error
    return false
  }
  return true
}

/** Layers of OCI and Docker have the compression at the end of their media types. */
function decompressor(mediaType: string) {
  if (mediaType.endsWith('gzip')) return createGunzip()
  return mediaType.endsWith('zstd') ? createZstdDecompress() : new PassThrough()
}
