import { damaged } from '../damage.ts'

/** Bytes of a block; everything in a tar is padded to whole blocks. */
export const BLOCK = 512

/** The largest number in the eleven octal digits of a header. */
const MAX_OCTAL = 0o77777777777

/** Bytes of the end of a tar: two empty blocks. */
export const END = 2 * BLOCK

export interface TarEntry {
  readonly name: string
  readonly size: number
  /** seconds since the epoch */
  readonly mtime: number
  /** permission bits; default 0644 */
  readonly mode?: number
}

/** Bytes of content, padded to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/**
 * The header of a file, preceded by a pax header if ustar has no room for its name or size. The same entry makes the same bytes.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
 */
export function encodeHeader(entry: TarEntry): Buffer {
  const records = [
    ...(Buffer.byteLength(entry.name) > 100 ? [paxRecord('path', entry.name)] : []),
    ...(entry.size > MAX_OCTAL ? [paxRecord('size', `${entry.size}`)] : []),
  ].join('')
  if (records === '') return ustar(entry, '0')
  const body = Buffer.alloc(padded(records.length))
  body.write(records)
  const name = `PaxHeaders/${entry.name.slice(-80)}`
  return Buffer.concat([
    ustar({ name, size: records.length, mtime: entry.mtime }, 'x'),
    body,
    ustar({ ...entry, name: entry.name.slice(-100), size: Math.min(entry.size, MAX_OCTAL) }, '0'),
  ])
}

function ustar({ name, size, mtime, mode = 0o644 }: TarEntry, type: '0' | 'x'): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number) =>
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1')
  header.write(name, 0, 100)
  octal(mode, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(mtime, 136, 11)
  header.write(type, 156)
  header.write('ustar\x0000', 257, 'latin1')
  octal(0, 329, 7)
  octal(0, 337, 7)
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** `LENGTH KEY=VALUE\n`; the length includes its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
  return `${length}${rest}`
}

/** The fields of a header block; the caller applies pax records. */
export interface RawHeader {
  readonly name: string
  readonly size: number
  /** `0` a file, `5` a directory, `x` and `g` pax records, … */
  readonly type: string
}

/**
 * @param position of the block for messages: `byte 512 of x.tar`
 * @returns undefined for an empty block, which ends an archive
 * @throws `bundle-damaged`
 */
export function decodeHeader(block: Uint8Array, position: string): RawHeader | undefined {
  const header = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  if (header.every(byte => byte === 0)) return undefined
  const [sum, size] = [octalField(header, 148, 8), octalField(header, 124, 12)]
  if (sum !== checksum(header) || size === undefined)
    throw damaged(`a header of the tar is damaged: ${position}`)
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textField(header, 345, 155) : ''
  const name = textField(header, 0, 100)
  const type = header.toString('latin1', 156, 157)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    type: type === '\0' ? '0' : type,
  }
}

/**
 * @param position as for {@link decodeHeader}
 * @throws `bundle-damaged`
 */
export function decodePax(body: Buffer, position: string): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < body.byteLength;) {
    const space = body.indexOf(' ', at)
    const length = Number(body.toString('latin1', at, Math.max(space, at)))
    const text = body.toString('utf8', space + 1, at + length)
    const [, key, value] = /^([^=]+)=([^]*)\n$/.exec(text) ?? []
    const fits = space >= 0 && Number.isSafeInteger(length) && length >= 5 && at + length <= body.byteLength
    if (!fits || key === undefined || value === undefined)
      throw damaged(`a pax header of the tar is damaged: ${position}`)
    records.set(key, value)
    at += length
  }
  return records
}

/** Sum of all bytes; the field of the sum counts as eight spaces. */
function checksum(header: Buffer): number {
  let sum = 8 * 0x20
  for (const byte of header.subarray(0, 148)) sum += byte
  for (const byte of header.subarray(156, BLOCK)) sum += byte
  return sum
}

/** A number in octal digits, or in the GNU format: binary behind a first byte of 0x80. @returns undefined for anything else */
function octalField(header: Buffer, at: number, length: number): number | undefined {
  if (header[at] === 0x80) return Number(BigInt(`0x${header.toString('hex', at + 1, at + length)}`))
  const text = header
    .toString('latin1', at, at + length)
    .replace(/\0.*$/s, '')
    .trim()
  if (!/^[0-7]*$/.test(text)) return undefined
  return text === '' ? 0 : Number.parseInt(text, 8)
}

/** Text up to the first NUL, or to the end of the field. */
export function textField(header: Buffer, at: number, length: number): string {
  const end = header.indexOf(0, at)
  return header.toString('utf8', at, end < 0 || end > at + length ? at + length : end)
}
