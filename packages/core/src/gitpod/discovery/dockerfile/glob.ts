/** A part of a shell pattern: `*`, `?`, or a character that stands for itself. */
interface Token {
  readonly kind: 'any' | 'one' | 'is'
  readonly character?: string
}

/** A part of a text that a pattern matches. */
interface Match {
  readonly start: number
  readonly end: number
}

/** Removes the shortest or longest beginning that a shell pattern matches: `${name#pattern}`, `${name##pattern}`. */
export function trimStart(text: string, pattern: string, isLongest: boolean): string {
  const ends = matches(parse(pattern), [...text], true).map(({ end }) => end)
  if (ends.length === 0) return text
  return [...text].slice(isLongest ? ends.at(-1) : ends[0]).join('')
}

/** Removes the shortest or longest end that a shell pattern matches: `${name%pattern}`, `${name%%pattern}`. */
export function trimEnd(text: string, pattern: string, isLongest: boolean): string {
  const reversed = [...text].toReversed()
  const ends = matches(parse(pattern).toReversed(), reversed, true).map(({ end }) => end)
  if (ends.length === 0) return text
  return reversed
    .slice(isLongest ? ends.at(-1) : ends[0])
    .toReversed()
    .join('')
}

/** Replaces the first match of a shell pattern, or all of them: `${name/pattern/text}`, `${name//pattern/text}`. */
export function replaceMatches(text: string, pattern: string, by: string, isAll: boolean): string {
  const tokens = parse(pattern)
  let done = ''
  let rest = [...text]
  while (rest.length > 0) {
    const found = matches(tokens, rest, false).at(-1)
    if (found === undefined || found.end === found.start) break
    done += rest.slice(0, found.start).join('') + by
    rest = rest.slice(found.end)
    if (!isAll) break
  }
  return done + rest.join('')
}

function parse(pattern: string): Token[] {
  return [...pattern.matchAll(/\\(.)|(\*+)|(\?)|(.)/gsu)].map(([, escaped, any, one, plain]) => {
    if (any !== undefined) return { kind: 'any' }
    if (one !== undefined) return { kind: 'one' }
    return { kind: 'is', character: escaped ?? plain ?? '' }
  })
}

/**
 * The ends of the leftmost match, shortest first. All tokens are followed at the same time, so the time is at most the product of
 * both lengths: no backtracking.
 */
function matches(tokens: readonly Token[], text: readonly string[], isAnchored: boolean): Match[] {
  const found: Match[] = []
  let starts: (number | undefined)[] = []
  for (let at = 0; at <= text.length; at += 1) {
    if (at === 0 || (!isAnchored && found.length === 0)) starts[0] ??= at
    tokens.forEach(({ kind }, index) => {
      if (kind === 'any') starts[index + 1] = least(starts[index + 1], starts[index])
    })
    const start = starts[tokens.length]
    if (start !== undefined && start === (found[0]?.start ?? start)) found.push({ start, end: at })
    if (starts.length === 0 && found.length > 0) break
    starts = step(tokens, starts, text[at])
  }
  return found
}

/** The tokens that are reached behind one more character, each with the leftmost start of its match. */
function step(
  tokens: readonly Token[],
  starts: readonly (number | undefined)[],
  character: string | undefined,
): (number | undefined)[] {
  const next: (number | undefined)[] = []
  tokens.forEach((token, index) => {
    const start = starts[index]
    if (start === undefined) return
    if (token.kind === 'any') next[index] = least(next[index], start)
    else if (token.kind === 'one' || token.character === character)
      next[index + 1] = least(next[index + 1], start)
  })
  return next
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
