/** Byte order marks of the encodings that editors and shells of Windows write, and the names of the encodings. */
const MARKS = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

/**
 * Decodes a text that somebody wrote: UTF-8, or UTF-16 if it begins with a byte order mark, as PowerShell writes what is sent to a
 * file. The mark itself is left out, because JSON and lists have none.
 */
export function decodeText(bytes: Uint8Array): string {
  const found = MARKS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte))
  return new TextDecoder(found?.encoding ?? 'utf-8').decode(bytes)
}

/** One for all documents, because making a decoder takes longer than decoding a manifest. */
const UTF8 = new TextDecoder()

/** Decodes a text in UTF-8, without a byte order mark. */
export function utf8Text(bytes: Uint8Array): string {
  return UTF8.decode(bytes)
}

/** Orders texts by code unit, as `sort` does without a comparison: the same on every machine, whatever its language is. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
