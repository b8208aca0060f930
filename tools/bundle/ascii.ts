/** A backslash that belongs to the character after it, such as `\…`: before an escape it would mean a backslash. */
const ESCAPED = /(?<!\\)(?:\\\\)*\\[^\0-\x7f]/

/** A template that may be read as it is written, in which an escape stays an escape. */
const RAW = /\.raw`[^`]*[^`\0-\x7f]/

/**
 * The same JavaScript with an escape for each character that is not ASCII. V8 keeps a script with a single `…` in two bytes for each
 * character, as long as it runs: 4 MB for a copy.
 * @throws if an escape would mean something else
 */
export function asciiScript(code: string): string {
  const [unsafe] = ESCAPED.exec(code) ?? RAW.exec(code) ?? []
  if (unsafe !== undefined) throw new Error(`cannot be written in ASCII: ${unsafe}`)
  return code.replaceAll(
    /[^\0-\x7f]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
