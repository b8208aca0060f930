import { open, type FileHandle } from 'node:fs/promises'

/** What a program for Linux needs of the system that starts it. */
export interface ElfNeeds {
  /** base names of the loader and of the shared libraries, e.g. `ld-linux-x86-64.so.2` and `libstdc++.so.6` */
  readonly libraries: readonly string[]
  /** The minor version of the oldest glibc that has all it uses: 28 for 2.28. Undefined if it uses none. */
  readonly glibc: number | undefined
}

/** Types of program headers and of entries of the dynamic section. https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html */
const [LOAD, DYNAMIC, INTERPRETER] = [1, 2, 3]
const [NEEDED, STRING_TABLE, STRING_SIZE] = [1, 5, 10]
const MAX_BYTES = 16 * 1024 * 1024

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

/** @returns undefined for a file that is no program of 64 bits, or one that is linked statically */
export async function readElfNeeds(path: string): Promise<ElfNeeds | undefined> {
  await using file = await open(path)
  const read = (at: number, size: number) => bytesOf(file, at, size)
  const header = await read(0, 64)
  if (header.byteLength < 64 || header.toString('latin1', 0, 5) !== '\x7fELF\x02') return undefined
  const number = numbersOf(header[5] === 2)
  const segments = await readSegments(header, number, read)
  const [loader, dynamic] = [INTERPRETER, DYNAMIC].map(type => segments.find(one => one.type === type))
  if (loader === undefined || dynamic === undefined) return undefined

  const entries = pairsOf(await read(dynamic.offset, dynamic.size), number)
  const valueOf = (tag: number) => entries.find(([known]) => known === tag)?.[1] ?? 0
  const address = valueOf(STRING_TABLE)
  const home = segments.find(
    one => one.type === LOAD && one.address <= address && address < one.address + one.size,
  )
  if (home === undefined) return undefined
  const strings = await read(home.offset + address - home.address, valueOf(STRING_SIZE))
  const textAt = (bytes: Buffer, at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at))
  const interpreter = textAt(await read(loader.offset, loader.size), 0)
  const needed = entries.flatMap(([tag, at]) => (tag === NEEDED ? [textAt(strings, at)] : []))
  // Names of versions stand in the same table as names of libraries.
  const versions = [...strings.toString('latin1').matchAll(/\0GLIBC_2\.(\d+)/g)].map(([, minor]) =>
    Number(minor),
  )
  return {
    libraries: [...new Set([interpreter.slice(interpreter.lastIndexOf('/') + 1), ...needed])],
    glibc: versions.length === 0 ? undefined : Math.max(...versions),
  }
}

type Numbers = (bytes: Buffer, at: number, size: 2 | 4 | 8) => number
type Reader = (at: number, size: number) => Promise<Buffer>

function numbersOf(isBigEndian: boolean): Numbers {
  return (bytes, at, size) => {
    if (size === 8) return Number(isBigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at))
    return isBigEndian ? bytes.readUIntBE(at, size) : bytes.readUIntLE(at, size)
  }
}

async function readSegments(header: Buffer, number: Numbers, read: Reader): Promise<Segment[]> {
  const [size, count] = [number(header, 54, 2), number(header, 56, 2)]
  const table = await read(number(header, 32, 8), size * count)
  return Array.from({ length: Math.floor(table.byteLength / size) }, (_, index) => {
    const at = index * size
    return {
      type: number(table, at, 4),
      offset: number(table, at + 8, 8),
      address: number(table, at + 16, 8),
      size: number(table, at + 32, 8),
    }
  })
}

function pairsOf(bytes: Buffer, number: Numbers): (readonly [tag: number, value: number])[] {
  return Array.from({ length: Math.floor(bytes.byteLength / 16) }, (_, index) => [
    number(bytes, index * 16, 8),
    number(bytes, index * 16 + 8, 8),
  ])
}

/** At most as many bytes as the file has there. */
async function bytesOf(file: FileHandle, at: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, MAX_BYTES)), 0, null, at)
  return buffer.subarray(0, bytesRead)
}
