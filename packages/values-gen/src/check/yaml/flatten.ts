/** Stand for a line break in quotes, and for a backslash before one. No YAML file has these code points. */
const BREAK = '\uffff'
const ESCAPED = '\ufffe'

const QUOTE = /'(?:[^']|'')*'|"(?:[^"\\]|\\[^])*"/y
const MARKER = /^(?:---|\.\.\.)(?:\s|$)/m

/**
 * Puts the quoted text or the collection in braces that starts at an offset on one line, without moving anything. The installer's
 * parser takes less indentation within them, and the `yaml` package does not.
 * @returns undefined if it is not closed, or on one line already
 */
export function flatten(text: string, start: number): string | undefined {
  const parts = /['"]/.test(text[start] ?? '') ? [quoteAt(text, start) ?? ''] : collectionAt(text, start)
  const whole = parts?.join('')
  if (!parts || !whole?.includes('\n') || MARKER.test(whole)) return undefined
  return text.slice(0, start) + parts.map(flatPart).join('') + text.slice(start + whole.length)
}

/** The value of a quoted text that was put on one line: blanks around a break fold to one blank, and empty lines stay. */
export function unflatten(value: string): string {
  if (!value.includes(BREAK)) return value
  return value.replace(/\ufffe\uffff[ \t]*/g, '').replace(/[ \t]*\uffff[ \t\uffff]*/g, fold => {
    const breaks = fold.split(BREAK).length - 1
    return breaks === 1 ? ' ' : '\n'.repeat(breaks - 1)
  })
}

function quoteAt(text: string, start: number): string | undefined {
  QUOTE.lastIndex = start
  return QUOTE.exec(text)?.[0]
}

/** The tokens of a collection in braces or brackets; undefined if it does not end. */
function collectionAt(text: string, start: number): string[] | undefined {
  const parts: string[] = []
  let depth = 0
  for (let at = start; at < text.length;) {
    const part = tokenAt(text, at)
    parts.push(part)
    at += part.length
    if (part === '{' || part === '[') depth++
    if ((part === '}' || part === ']') && --depth === 0) return parts
  }
  return undefined
}

function tokenAt(text: string, at: number): string {
  const before = text[at - 1] ?? ' '
  const quote = /[\s,:[{]/.test(before) ? quoteAt(text, at) : undefined
  if (quote !== undefined) return quote
  return text[at] === '#' && /\s/.test(before) ? (/^.*/.exec(text.slice(at))?.[0] ?? '#') : (text[at] ?? '')
}

function flatPart(part: string): string {
  if (part === '\n' || part === '\r') return ' '
  if (part.startsWith('#')) return ' '.repeat(part.length)
  return part
    .replaceAll('\r\n', ` ${BREAK}`)
    .replaceAll('\n', BREAK)
    .replaceAll(`\\${BREAK}`, ESCAPED + BREAK)
}
