/** A character that the installer's reader refuses, with its place in the text. */
export interface BadCharacter {
  readonly offset: number
  readonly message: string
}

export interface Characters {
  /** without a byte order mark; a lone carriage return is a line feed, and breaks that only Unicode knows are blanks */
  readonly text: string
  readonly bad?: BadCharacter
}

/** What YAML takes besides letters: tab, line breaks, and U+0085. https://yaml.org/spec/1.1/#c-printable */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/

/**
 * Reads a file as the installer's parser does: UTF-8, or UTF-16 with a byte order mark.
 * https://github.com/go-yaml/yaml/blob/v2.4.0/readerc.go
 */
export function readCharacters(file: string | Uint8Array): Characters {
  const decoded = typeof file === 'string' ? file : decode(file)
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded
  const bad = badCharacter(text, typeof file === 'string' ? undefined : file)
  return {
    text: text.replace(/\r(?!\n)/g, '\n').replace(/[\u0085\u2028\u2029]/g, ' '),
    ...(bad === undefined ? {} : { bad }),
  }
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
}

function badCharacter(text: string, bytes: Uint8Array | undefined): BadCharacter | undefined {
  const control = CONTROL.exec(text)
  // A decoder puts U+FFFD in place of bytes that are no character. A file may also have it as a character of its own.
  const broken = bytes === undefined || !isBroken(bytes) ? -1 : text.indexOf('\ufffd')
  if (broken >= 0 && (control === null || broken < control.index))
    return { offset: broken, message: 'the bytes here are no character in UTF-8' }
  if (control === null) return undefined
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return { offset: control.index, message: `the control character U+${code} is not allowed in YAML` }
}

function isBroken(bytes: Uint8Array): boolean {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  return (
    !isUtf16 &&
    !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).equals(Buffer.from(decode(bytes)))
  )
}
