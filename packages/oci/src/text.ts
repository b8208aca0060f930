/** Byte order marks of the encodings that editors and shells of Windows write, and the names of the encodings. */
const MARKS = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
  { mark: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
] as const

/**
 * Decodes a text that somebody wrote: UTF-8, or UTF-16 as PowerShell writes what is sent to a file. UTF-16 is known by its byte
 * order mark, which is left out, because JSON and lists have none; without a mark by the zero byte of a Latin first character.
 */
export function decodeText(bytes: Uint8Array): string {
  return unmarkedUtf16(bytes)?.text ?? new TextDecoder(markOf(bytes)?.encoding ?? 'utf-8').decode(bytes)
}

/**
 * Encodes a text as a file is encoded that {@link decodeText} read, with its byte order mark, so that bytes which stand for the
 * same text stay as they are.
 * @param like the bytes of the file
 */
export function encodeLike(text: string, like: Uint8Array): Uint8Array {
  const found = markOf(like)
  const encoding = unmarkedUtf16(like)?.encoding ?? found?.encoding ?? 'utf-8'
  const bytes = Buffer.from(
    found === undefined ? text : `\uFEFF${text}`,
    encoding === 'utf-8' ? 'utf8' : 'utf16le',
  )
  return encoding === 'utf-16be' ? bytes.swap16() : bytes
}

function markOf(bytes: Uint8Array) {
  return MARKS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte))
}

/** No text has one of these, and nearly every other file does. U+FFFD is in place of half a character. */
const NO_TEXT = /[\0-\x08\ufffd-\uffff]/

/** https://yaml.org/spec/1.2.2/#52-character-encodings has the same rule. */
function unmarkedUtf16(bytes: Uint8Array) {
  const [first, second] = bytes
  if (bytes.length % 2 === 1 || (first === 0) === (second === 0)) return undefined
  const encoding = first === 0 ? 'utf-16be' : 'utf-16le'
  const text = new TextDecoder(encoding).decode(bytes)
  return NO_TEXT.test(text) ? undefined : { text, encoding }
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
