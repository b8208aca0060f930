import type { Span } from '../mention.ts'
import { LogicalLine, type PhysicalLine } from './logical-line.ts'

/** The parser directives of a Dockerfile. https://docs.docker.com/reference/dockerfile/#parser-directives */
export interface Directives {
  readonly escape: '\\' | '`'
  /** The image of the frontend that reads the file, which is pulled before the build begins. */
  readonly syntax?: Directive
}

interface Directive {
  readonly text: string
  readonly line: LogicalLine
  readonly at: Span
}

/** Reads the directives. They stand at the very beginning of a file; only a line `#!` may come before them. */
export function readDirectives(lines: Iterable<PhysicalLine>): Directives {
  let escape: Directives['escape'] = '\\'
  let syntax: Directive | undefined
  for (const line of lines) {
    if (line.line === 1 && line.text.startsWith('#!')) continue
    const [, before = '', name = '', value = ''] =
      /^(\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*)(\S+)/.exec(line.text) ?? []
    if (name === '') break
    if (name.toLowerCase() === 'escape' && value === '`') escape = value
    const at = { start: before.length, end: before.length + value.length }
    if (name.toLowerCase() === 'syntax') syntax ??= { text: value, line: new LogicalLine([line]), at }
  }
  return { escape, ...(syntax === undefined ? {} : { syntax }) }
}
