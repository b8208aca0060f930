import { damaged } from '../damage.ts'
import { BLOCK, decodeHeader, decodePax, END, padded, textField, type RawHeader } from './tar-header.ts'
import type { VolumeReader } from './volumes.ts'

/** Headers at most: more than any bundle has, few enough for memory. */
export const MAX_HEADERS = 200_000

/** Bytes of an extended header at most. */
const MAX_EXTENSION = 64 * 1024

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

/** A file or a directory of an archive, or something that no bundle has. */
export interface TarMember {
  readonly name: string
  /** `0` a file, `5` a directory, `2` a symbolic link, … */
  readonly type: string
  readonly extent: Extent
}

type Records = ReadonlyMap<string, string>

const NO_RECORDS: Records = new Map()

/** Headers that say more of the next member than its own has room for: pax records, for one or for all, and a long name of GNU tar. */
const EXTENSIONS: ReadonlySet<string> = new Set(['x', 'g', 'L'])

/**
 * The members of an archive, in its order. Only the headers are read, and nothing between them.
 * @param name of the archive, for messages
 * @throws `bundle-damaged`
 */
export async function* readTarMembers(volumes: VolumeReader, name: string): AsyncGenerator<TarMember> {
  const read = readAhead(volumes)
  let records = NO_RECORDS
  let count = 0
  for (let position = 0; position < volumes.size;) {
    const described = volumes.describePosition(position)
    const header = decodeHeader(await read(position, BLOCK), described)
    if (header === undefined) return assertEnd(volumes, position, name)
    if (++count > MAX_HEADERS) throw damaged(`${name} has more than ${MAX_HEADERS} headers`, name)
    const isExtension = EXTENSIONS.has(header.type)
    const member = memberOf(header, isExtension ? NO_RECORDS : records, position + BLOCK)
    const { start, size } = member.extent
    if (!Number.isSafeInteger(size) || size < 0 || start + size > volumes.size)
      throw damaged(
        `${name} says that ${quoted(member.name)} has ${size} bytes, but the archive ends before that`,
        name,
      )
    position = start + padded(size)
    if (!isExtension) {
      records = NO_RECORDS
      yield member
      continue
    }
    if (size > MAX_EXTENSION) throw damaged(`${name} has an extended header of ${size} bytes`, name)
    const found = decodeExtension(header.type, await read(start, size), described)
    if ([...found.keys()].some(key => key.startsWith('GNU.sparse')))
      throw damaged(`${name} has a sparse file in it, which no bundle has`, name)
    assertSize(found.get('size'), name)
    // A long name of GNU tar and pax records may describe one member together.
    if (header.type !== 'g') records = new Map([...records, ...found])
  }
  throw damaged(`${name} has no end: it is cut off, or its last volume is missing`, name)
}

/** The name of a member as messages show it. */
export function quoted(member: string): string {
  return JSON.stringify(member.slice(0, 200))
}

function memberOf({ name, size, type }: RawHeader, records: Records, start: number): TarMember {
  const longSize = records.get('size')
  return {
    name: records.get('path') ?? name,
    type,
    extent: { start, size: longSize === undefined ? size : Number(longSize) },
  }
}

/** The records of a pax header, or the long name of one of GNU tar: https://www.gnu.org/software/tar/manual/html_node/Standard.html */
function decodeExtension(type: string, body: Buffer, described: string): Records {
  return type === 'L' ? new Map([['path', textField(body, 0, body.byteLength)]]) : decodePax(body, described)
}

/** A size in decimal digits, as the pax format has it: another reader would take `0x10` or nothing for another number. */
function assertSize(text: string | undefined, name: string): void {
  if (text !== undefined && !/^[0-9]{1,16}$/.test(text))
    throw damaged(`${name} has a pax header with the size ${quoted(text)}`, name)
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
