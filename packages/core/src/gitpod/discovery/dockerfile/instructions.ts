import { readDirectives, type Directives } from './directives.ts'
import { closes, heredocsOf } from './heredoc.ts'
import { LogicalLine, physicalLines, type PhysicalLine } from './logical-line.ts'

/** An instruction of a Dockerfile. */
export interface Instruction {
  /** in upper case */
  readonly keyword: string
  readonly line: LogicalLine
  /** where the arguments begin in the text of the line */
  readonly argumentsAt: number
}

export interface ParsedDockerfile {
  readonly directives: Directives
  readonly instructions: readonly Instruction[]
  /** The line of a heredoc that does not end. */
  readonly openHeredoc?: number
}

/** Divides a Dockerfile into instructions as BuildKit's parser does: continuation lines, comments between them, heredocs. */
export function parseDockerfile(source: string): ParsedDockerfile {
  const directives = readDirectives(physicalLines(source))
  const lines = physicalLines(source)
  const instructions: Instruction[] = []
  for (const first of lines) {
    if (isPassedOver(first.text)) continue
    const line = joinContinuations(first, lines, directives.escape)
    const instruction = instructionOf(line, 0)
    instructions.push(instruction)
    if (!skipHeredocs(instruction, lines, directives.escape))
      return { directives, instructions, openHeredoc: line.lineOf(0) }
  }
  return { directives, instructions }
}

/** The instruction whose keyword stands at an offset of a line. */
export function instructionOf(line: LogicalLine, from: number): Instruction {
  const pattern = /\s*(\S*)\s*/y
  pattern.lastIndex = from
  const [whole = '', keyword = ''] = pattern.exec(line.text) ?? []
  return { keyword: keyword.toUpperCase(), line, argumentsAt: from + whole.length }
}

function joinContinuations(first: PhysicalLine, lines: Iterator<PhysicalLine>, escape: string): LogicalLine {
  const pieces: PhysicalLine[] = []
  for (let line: PhysicalLine | undefined = first; line !== undefined;) {
    const text = withoutContinuation(line.text, escape)
    pieces.push(text === undefined ? line : { ...line, text })
    if (text === undefined) break
    do line = lines.next().value as PhysicalLine | undefined
    while (line !== undefined && isPassedOver(line.text))
  }
  return new LogicalLine(pieces)
}

/** The text before the escape character that ends a line; undefined if the line is not continued. Two of them are none. */
function withoutContinuation(text: string, escape: string): string | undefined {
  const trimmed = text.trimEnd()
  if (!trimmed.endsWith(escape) || trimmed.at(-2) === escape) return undefined
  return trimmed.slice(0, -1)
}

/** An empty line or a comment, which does not end an instruction that is continued before it. */
function isPassedOver(text: string): boolean {
  const trimmed = text.trimStart()
  return trimmed === '' || trimmed.startsWith('#')
}

/** Reads the lines of the heredocs of an instruction. @returns false if one does not end */
function skipHeredocs(
  { keyword, line }: Instruction,
  lines: Iterator<PhysicalLine>,
  escape: string,
): boolean {
  if (!['RUN', 'COPY', 'ADD', 'ONBUILD'].includes(keyword)) return true
  return heredocsOf(line.text, escape).every(heredoc => {
    for (let next = lines.next(); next.done !== true; next = lines.next())
      if (closes(heredoc, next.value.text)) return true
    return false
  })
}
