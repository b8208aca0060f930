import { isDigest, type Digest } from '../../model/digest.ts'
import { MAX_DOCUMENT } from '../layout/layout-files.ts'
import { BLOCK, damaged, decodeHeader, decodePax, END, padded } from './tar-header.ts'
import { LOCK_NAME } from './tar-plan.ts'
import type { VolumeReader } from './volumes.ts'

/** More members than any bundle has, few enough to hold. */
const MAX_MEMBERS = 200_000

const MAX_PAX = 64 * 1024

/** tar fills its last record up with zeros; none is larger, in bytes. */
const MAX_RECORD = 1024 * 1024

/** Bytes that are read where a header is. */
const WINDOW = 8 * 1024

/** A piece of the archive, in bytes. */
export interface Extent {
  readonly start: number
  readonly size: number
}

/** Where everything is in an archive. */
export interface TarIndex {
  readonly documents: ReadonlyMap<string, Extent>
  readonly blobs: ReadonlyMap<Digest, Extent>
}

const DOCUMENTS: ReadonlySet<string> = new Set(['oci-layout', 'index.json', LOCK_NAME])
const DIRECTORIES = /^(?:\.\/?|(?:\.\/)?blobs(?:\/sha(?:256|512))?\/?)$/

/**
 * Reads the headers of an archive, and nothing between them. It may come from anywhere: whatever an OCI layout does not have
 * is refused, and no name of it is ever used as a path.
 * @throws `bundle-damaged`
 */
export async function readTarIndex(volumes: VolumeReader, name: string): Promise<TarIndex> {
  const documents = new Map<string, Extent>()
  const blobs = new Map<Digest, Extent>()
  let pax: ReadonlyMap<string, string> = new Map()
  let members = 0
  const read = readAhead(volumes)
  for (let position = 0; position < volumes.size;) {
    const where = volumes.placeOf(position)
    const header = decodeHeader(await read(position, BLOCK), where)
    if (header === undefined) {
      await assertEnd(volumes, position, name)
      return finished({ documents, blobs }, name)
    }
    if (++members > MAX_MEMBERS) throw damaged(`${name} has more than ${MAX_MEMBERS} members`, name)
    const start = position + BLOCK
    const size = pax.has('size') ? Number(pax.get('size')) : header.size
    const member = pax.get('path') ?? header.name
    const shown = JSON.stringify(member.slice(0, 200))
    if (!Number.isSafeInteger(size) || size < 0 || start + size > volumes.size)
      throw damaged(`${name} says that ${shown} has ${size} bytes, but the archive ends before that`, name)
    position = start + padded(size)
    if (header.type === 'x' || header.type === 'g') {
      if (size > MAX_PAX) throw damaged(`${name} has a pax header of ${size} bytes`, name)
      const records = decodePax(await read(start, size), where)
      if ([...records.keys()].some(key => key.startsWith('GNU.sparse')))
        throw damaged(`${name} has a sparse file in it, which no bundle has`, name)
      if (header.type === 'x') pax = records
      continue
    }
    pax = new Map()
    if (header.type === '5' && DIRECTORIES.test(member)) continue
    if (header.type !== '0')
      throw damaged(`${name}: ${shown} is ${typeName(header.type)}, which no bundle has`, name)
    const known = place(member, { start, size }, documents, blobs)
    if (known === 'unknown') throw damaged(`${name}: ${shown} is nothing that a bundle has`, name)
    if (known === 'twice') throw damaged(`${name} has ${shown} twice`, name)
    if (DOCUMENTS.has(member) && size > MAX_DOCUMENT)
      throw damaged(`${name}: ${shown} has ${size} bytes`, name)
  }
  throw damaged(`${name} has no end: it is cut off, or its last volume is missing`, name)
}

/** Small members lie close together: one read serves the headers of several. */
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

/** Nothing but zeros comes behind the end. What else there is belongs to another bundle: its volumes are mixed with these. */
async function assertEnd(volumes: VolumeReader, position: number, name: string): Promise<void> {
  const rest = volumes.size - position
  if (rest < END) throw damaged(`${name} is cut off in its end`, name)
  if (rest <= MAX_RECORD && (await volumes.bytes(position, rest)).every(byte => byte === 0)) return
  throw damaged(`${name} goes on behind its end: ${volumes.placeOf(position)}`, name)
}

function finished(index: TarIndex, name: string): TarIndex {
  if (index.documents.has('index.json')) return index
  throw damaged(`${name} has no index.json: it is no OCI layout`, name)
}

function place(
  member: string,
  extent: Extent,
  documents: Map<string, Extent>,
  blobs: Map<Digest, Extent>,
): 'new' | 'twice' | 'unknown' {
  const plain = member.replace(/^\.\//, '')
  const [, algorithm, hex] = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(plain) ?? []
  const digest = `${algorithm}:${hex}`
  const known = isDigest(digest) ? blobs.has(digest) : documents.has(plain)
  if (known) return 'twice'
  if (isDigest(digest)) blobs.set(digest, extent)
  else if (DOCUMENTS.has(plain)) documents.set(plain, extent)
  else return 'unknown'
  return 'new'
}

const TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '5': 'a directory',
  '6': 'a pipe',
  S: 'a sparse file',
}

function typeName(type: string): string {
  return TYPES[type] ?? `of the kind ${JSON.stringify(type)}`
}
