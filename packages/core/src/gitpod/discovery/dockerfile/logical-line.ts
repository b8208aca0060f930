import type { Span } from '../mention.ts'

/** A line as it stands in a file, without its line break. */
export interface PhysicalLine {
  readonly text: string
  /** offset in the file */
  readonly start: number
  /** from 1 */
  readonly line: number
}

/** The lines of a text. `\r\n` and `\n` end a line. */
export function* physicalLines(source: string): Generator<PhysicalLine, undefined> {
  for (let start = 0, line = 1; start < source.length; line += 1) {
    const found = source.indexOf('\n', start)
    const next = found === -1 ? source.length : found + 1
    const text = source.slice(start, found === -1 ? next : found)
    yield { text: text.endsWith('\r') ? text.slice(0, -1) : text, start, line }
    start = next
  }
}

/** An instruction with its continuation lines joined. It knows where each of its characters stands in the file. */
export class LogicalLine {
  readonly #pieces: readonly { readonly at: number; readonly piece: PhysicalLine }[]
  readonly text: string

  constructor(pieces: readonly PhysicalLine[]) {
    let at = 0
    this.#pieces = pieces.map(piece => {
      const placed = { at, piece }
      at += piece.text.length
      return placed
    })
    this.text = pieces.map(({ text }) => text).join('')
  }

  /** The line of the file, from 1, that a character of {@link text} stands on. */
  lineOf(offset: number): number {
    return this.#at(offset)?.piece.line ?? 1
  }

  /** Where a part of {@link text} stands in the file; undefined if a continuation divides it. */
  spanOf({ start, end }: Span): Span | undefined {
    const found = this.#at(start)
    if (found === undefined || end > found.at + found.piece.text.length) return undefined
    const moved = found.piece.start - found.at
    return { start: start + moved, end: end + moved }
  }

  #at(offset: number) {
    let low = 0
    for (let high = this.#pieces.length; high - low > 1;) {
      const middle = (low + high) >> 1
      if ((this.#pieces[middle]?.at ?? 0) <= offset) low = middle
      else high = middle
    }
    return this.#pieces[low]
  }
}
