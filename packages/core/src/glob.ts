/** Makes the test of a pattern, which must match the whole text; `*` is any text, `?` one character. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  const expression = new RegExp(`^${source}$`)
  return text => expression.test(text)
}
