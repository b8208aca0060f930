/** A line of the page that stands for any number of lines. */
const LEFT_OUT = '…'

/** What differs between two runs of the same command, and a word for each. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d(?:T|, | )\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?\b/g, 'TIME'],
  [/\b(?:\d+ min )?\d+(?:\.\d+)? (?:ms|s|min|h)\b/g, 'DURATION'],
  [/\b\d+(?:\.\d+)? [KMG]?i?B\/s/g, 'RATE'],
  [/\bfree: \d+(?:\.\d+)? [KMGT]?i?B/g, 'free: SIZE'],
  // The time when a lock was made is in it and in every bundle that is made of it.
  [/\bTIME \(sha256:[0-9a-f]{12}\)/g, 'TIME (DIGEST)'],
  // The archive of gpreg itself changes with every line of its code.
  [/^[0-9a-f]{64} {2}gpreg-/gm, 'DIGEST  gpreg-'],
  [/[\d.]+ MiB(?=, to run gpreg| read\b)/g, 'SIZE'],
  [/\bSHA-256 [0-9a-f]{64}, and should have [0-9a-f]{64}\b/g, 'SHA-256 DIGEST, and should have DIGEST'],
  // Whether a repository exists is asked while others are made, so the number of requests varies.
  [/\b\d{2,}(?= (?:requests to sources|to the target)\b)/g, 'N'],
  [/\b(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}\b/g, '$1:PORT'],
  [/\b(?:linux|darwin|win)-(?:x64|arm64)\b/g, 'PLATFORM'],
]

/** A text in which all that differs between two runs is replaced. */
export function withoutVarying(text: string): string {
  return VARYING.reduce((rest, [pattern, word]) => rest.replaceAll(pattern, word), text)
}

/** Whether a command printed what the page shows, varying parts and left-out lines aside. */
export function isShown(shown: readonly string[], printed: readonly string[]): boolean {
  const actual = printed.map(withoutVarying)
  const parts = partsOf(shown.map(withoutVarying))
  const isAt = (part: readonly string[], at: number) =>
    part.every((line, index) => actual[at + index] === line)
  if (parts.length === 1) return actual.length === shown.length && isAt(parts[0]!, 0)

  const [first, ...others] = parts as [string[], ...string[][]]
  const last = others.pop()!
  if (!isAt(first, 0)) return false
  let from = first.length
  for (const part of others) {
    while (from + part.length <= actual.length && !isAt(part, from)) from++
    from += part.length
  }
  return from + last.length <= actual.length && isAt(last, actual.length - last.length)
}

/** What a page shows of an output: all, or as many lines at its start and end as it showed before. */
export function shorten(shown: readonly string[], printed: readonly string[]): string[] {
  const parts = partsOf(shown)
  const [head, tail] = [parts[0]!.length, parts.at(-1)!.length]
  if (parts.length === 1 || head + tail >= printed.length) return [...printed]
  return [...printed.slice(0, head), LEFT_OUT, ...printed.slice(printed.length - tail)]
}

/** The runs of lines between the left-out lines. */
function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  for (const line of lines) {
    if (line === LEFT_OUT) parts.push([])
    else parts.at(-1)!.push(line)
  }
  return parts
}
