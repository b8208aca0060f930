/**
 * The blocks of commands in a page of Markdown. A block of the language `console` has lines that begin with `$ ` (commands; a line
 * that ends with `\` is continued) and between them what the commands print. Comments right before a block are its marks.
 */

export interface Command {
  /** one or more lines, without `$ ` */
  readonly text: string
  readonly output: readonly string[]
  /** the lines of the page that are its output, as indexes: from, and behind the last one */
  readonly from: number
  readonly to: number
}

export interface Marks {
  /** The reason why the block is not run. */
  readonly notRun?: string
  /** What a shell runs before the block, unseen. */
  readonly first?: string
  /** The exit code of the last command; default: 0. */
  readonly exit?: number
  /** The last command is a server: it is left running until the page ends. */
  readonly stays?: boolean
  /** The file beside `docs/README.md` that shows the commands and their output as a picture. */
  readonly picture?: string
}

export interface Block {
  /** of the opening fence, from 1 */
  readonly line: number
  readonly language: string
  readonly marks: Marks
  readonly commands: readonly Command[]
}

const SHELLS = new Set(['sh', 'bash', 'shell', 'console'])
const FENCE = /^\s*(`{3,}|~{3,})\s*(\S*)/
const MARK = /<!--\s*(not run|first|exit|stays|picture)(?::\s*((?:(?!-->)[\s\S])*?))?\s*-->$/
const PROMPT = '$ '

/** All blocks of a page that have commands, marked or not. */
export function commandBlocks(page: string): Block[] {
  const lines = page.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, fence, language = ''] = FENCE.exec(lines[at]!) ?? []
    if (fence === undefined) continue
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence)
    const last = end < 0 ? lines.length : end
    if (SHELLS.has(language) || lines.slice(at + 1, last).some(line => line.startsWith(PROMPT)))
      blocks.push(readBlock(lines, at, last, language))
    at = last
  }
  return blocks
}

function readBlock(lines: readonly string[], fence: number, end: number, language: string): Block {
  const commands: Command[] = []
  for (let at = fence + 1; at < end;) {
    let from = at + 1
    while (from < end && lines[from - 1]!.endsWith('\\')) from++
    let to = from
    if (language === 'console') while (to < end && !lines[to]!.startsWith(PROMPT)) to++
    const text = lines.slice(at, from).join('\n')
    commands.push({ text: text.replace(/^\$ /, ''), output: lines.slice(from, to), from, to })
    at = to
  }
  return { line: fence + 1, language, marks: marksBefore(lines.slice(0, fence)), commands }
}

/** Reads the comments that end where the lines end. */
function marksBefore(lines: readonly string[]): Marks {
  const marks: Record<string, unknown> = {}
  let text = lines.join('\n').trimEnd()
  for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
    const [whole, name, value = ''] = match
    if (name === 'exit') marks['exit'] = Number(value)
    else if (name === 'stays') marks['stays'] = true
    else marks[name === 'not run' ? 'notRun' : name!] = value
    text = text.slice(0, -whole.length).trimEnd()
  }
  return marks
}

/** What is wrong with the marks and the form of a block, or undefined. */
export function faultOf({ language, marks, commands }: Block): string | undefined {
  if (marks.notRun !== undefined) return marks.notRun === '' ? 'the mark `not run` says no reason' : undefined
  if (marks.picture !== undefined) return undefined
  if (language !== 'console')
    return `commands are in blocks of the language console, with their output, not ${language || 'without a language'}`
  if (commands.length === 0) return 'the block has no command'
  return undefined
}

/** The page with other outputs, given by command. */
export function withOutputs(page: string, outputs: ReadonlyMap<Command, readonly string[]>): string {
  const lines = page.split('\n')
  for (const [{ from, to }, output] of [...outputs].sort(([a], [b]) => b.from - a.from))
    lines.splice(from, to - from, ...output)
  return lines.join('\n')
}
