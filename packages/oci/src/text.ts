/** Byte order marks of the encodings that editors and shells of Windows write, and the names of the encodings. */
const MARKS = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

/**
 * Decodes a text that somebody wrote: UTF-8, or UTF-16 as PowerShell writes what is sent to a file. UTF-16 is known by its byte
 * order mark, which is left out, because JSON and lists have none; without a mark by the zero byte of a Latin first character.
 */
export function decodeText(bytes: Uint8Array): string {
  const found = MARKS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte))
  return unmarkedUtf16(bytes) ?? new TextDecoder(found?.encoding ?? 'utf-8').decode(bytes)
}

/** No text has one of these, and nearly every other file does. U+FFFD is in place of half a character. */
const NO_TEXT = /[\0-\x08\ufffd-\uffff]/

/** https://yaml.org/spec/1.2.2/#52-character-encodings has the same rule. */
function unmarkedUtf16(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  if (bytes.length % 2 === 1 || (first === 0) === (second === 0)) return undefined
  const text = new TextDecoder(first === 0 ? 'utf-16be' : 'utf-16le').decode(bytes)
  return NO_TEXT.test(text) ? undefined : text
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
