import { GpregError } from '../../errors.ts'
import { isDigest, type Digest } from '../../model/digest.ts'
import { damaged } from '../damage.ts'
import { MAX_DOCUMENT, MAX_INDEX } from '../layout/layout-files.ts'
import { BLOCK, decodeHeader, decodePax, END, padded } from './tar-header.ts'
import type { VolumeReader } from './volumes.ts'

/** Headers at most: more than any bundle has, few enough for memory. */
export const MAX_HEADERS = 200_000

/** bytes of a pax header at most */
const MAX_PAX = 64 * 1024

/** Bytes of the zeros behind the end at most: tar pads its last record. */
const MAX_RECORD = 1024 * 1024

/** Bytes read at once for headers. */
const WINDOW = 8 * 1024

/** A part of the archive. */
export interface Extent {
  /** first byte */
  readonly start: number
  /** bytes */
  readonly size: number
}

/** The position of every member of an archive. */
export interface TarIndex {
  /** `index.json` */
  readonly layoutIndex: Extent
  /** by name */
  readonly documents: ReadonlyMap<string, Extent>
  readonly blobs: ReadonlyMap<Digest, Extent>
}

const LAYOUT_INDEX = 'index.json'
const LAYOUT_DOCUMENTS = ['oci-layout', LAYOUT_INDEX]
const DIRECTORIES = /^(?:\.\/?|(?:\.\/)?(?:blobs(?:\/sha(?:256|512))?|ingest)\/?)$/

/** What others put beside a layout: docker save its own index, and a layout that was a directory what was not finished in it. */
const PASSED_OVER = /^(?:\.\/)?(?:manifest\.json|repositories|ingest\/[^/]+)$/

/**
 * Reads the headers of an archive, and nothing between them. An archive is untrusted: members that an OCI layout does not have
 * are refused, and no name in it is ever used as a path.
 * @param extra names of documents that are allowed beside those of an OCI layout
 * @throws `bundle-damaged`, `input-invalid` for a tar of something else
 */
export async function readTarIndex(
  volumes: VolumeReader,
  name: string,
  extra: readonly string[],
): Promise<TarIndex> {
  const members = new Members([...LAYOUT_DOCUMENTS, ...extra])
  let pax: ReadonlyMap<string, string> = new Map()
  let count = 0
  const read = readAhead(volumes)
  for (let position = 0; position < volumes.size;) {
    const described = volumes.describePosition(position)
    const header = decodeHeader(await read(position, BLOCK), described)
    if (header === undefined) {
      await assertEnd(volumes, position, name)
      return members.index(name)
    }
    if (++count > MAX_HEADERS) throw damaged(`${name} has more than ${MAX_HEADERS} headers`, name)
    const start = position + BLOCK
    const size = pax.has('size') ? Number(pax.get('size')) : header.size
    const member = pax.get('path') ?? header.name
    const shown = JSON.stringify(member.slice(0, 200))
    if (!Number.isSafeInteger(size) || size < 0 || start + size > volumes.size)
      throw damaged(`${name} says that ${shown} has ${size} bytes, but the archive ends before that`, name)
    position = start + padded(size)
    if (header.type === 'x' || header.type === 'g') {
      if (size > MAX_PAX) throw damaged(`${name} has a pax header of ${size} bytes`, name)
      const records = decodePax(await read(start, size), described)
      if ([...records.keys()].some(key => key.startsWith('GNU.sparse')))
        throw damaged(`${name} has a sparse file in it, which no bundle has`, name)
      if (header.type === 'x') pax = records
      continue
    }
    pax = new Map()
    if (header.type === '5' && DIRECTORIES.test(member)) continue
    if (header.type === '0' && PASSED_OVER.test(member)) continue
    if (header.type !== '0' && header.type !== '5')
      throw damaged(`${name}: ${shown} is ${typeName(header.type)}, which no bundle has`, name)
    const added = header.type === '5' ? 'unknown' : members.add(member, { start, size })
    if (added === 'unknown') throw noBundle(name, `${shown} is nothing that a bundle has`)
    if (added === 'twice') throw damaged(`${name} has ${shown} twice`, name)
    if (added === 'document' && size > (member === LAYOUT_INDEX ? MAX_INDEX : MAX_DOCUMENT))
      throw damaged(`${name}: ${shown} has ${size} bytes`, name)
  }
  throw damaged(`${name} has no end: it is cut off, or its last volume is missing`, name)
}

/** Reads headers through a window, because small members lie close together: one read serves several headers. */
function readAhead(volumes: VolumeReader): (position: number, length: number) => Promise<Buffer> {
  let start = 0
  let window: Buffer = Buffer.alloc(0)
  return async (position, length) => {
    if (position < start || position + length > start + window.byteLength) {
      const wanted = Math.max(length, WINDOW)
      window = await volumes.bytes(position, Math.min(wanted, Math.max(volumes.size - position, length)))
      start = position
    }
    return window.subarray(position - start, position - start + length)
  }
}

/** Checks that only zeros follow the end. Anything else belongs to another bundle, whose volumes are mixed with these. */
async function assertEnd(volumes: VolumeReader, position: number, name: string): Promise<void> {
  const rest = volumes.size - position
  if (rest < END) throw damaged(`${name} is cut off in its end`, name)
  if (rest <= MAX_RECORD && (await volumes.bytes(position, rest)).every(byte => byte === 0)) return
  throw damaged(`${name} goes on behind its end: ${volumes.describePosition(position)}`, name)
}

/** The members found so far. */
class Members {
  readonly #allowed: ReadonlySet<string>
  readonly #documents = new Map<string, Extent>()
  readonly #blobs = new Map<Digest, Extent>()

  /** @param allowed names of documents */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed)
  }

  add(member: string, extent: Extent): 'blob' | 'document' | 'twice' | 'unknown' {
    const plain = member.replace(/^\.\//, '')
    const [, algorithm, hex] = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(plain) ?? []
    const digest = `${algorithm}:${hex}`
    if (isDigest(digest)) {
      if (this.#blobs.has(digest)) return 'twice'
      this.#blobs.set(digest, extent)
      return 'blob'
    }
    if (!this.#allowed.has(plain)) return 'unknown'
    if (this.#documents.has(plain)) return 'twice'
    this.#documents.set(plain, extent)
    return 'document'
  }

  /** @throws `input-invalid` without `index.json` */
  index(name: string): TarIndex {
    const layoutIndex = this.#documents.get(LAYOUT_INDEX)
    if (layoutIndex === undefined) throw noBundle(name, 'it has no index.json')
    return { layoutIndex, documents: this.#documents, blobs: this.#blobs }
  }
}

/** The error for a tar that is whole, but of something else. */
function noBundle(name: string, why: string): GpregError {
  return new GpregError('input-invalid', `${name} is no bundle: ${why}`, {
    path: name,
    hint: 'name a tar that gpreg bundle save wrote, or one of an OCI image layout, as skopeo copy docker-archive:… oci-archive:… makes it',
  })
}

const TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
  S: 'a sparse file',
}

function typeName(type: string): string {
  return TYPES[type] ?? `of the kind ${JSON.stringify(type)}`
}
