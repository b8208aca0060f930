import type { Mention, Mentions, Problem, Span } from '../mention.ts'
import { BuildArguments } from './build-arguments.ts'
import { instructionOf, parseDockerfile, type Instruction, type ParsedDockerfile } from './instructions.ts'
import type { LogicalLine } from './logical-line.ts'
import { mountSources } from './mounts.ts'
import { leadingFlags, splitWords, unquoted, type Word } from './words.ts'

export interface BuildOptions {
  /** values of build arguments */
  readonly args?: ReadonlyMap<string, string>
  /** names of further build contexts, which stages may use like names of images */
  readonly contexts?: readonly string[]
}

export interface DockerfileImages extends Mentions {
  /** the number of `FROM` lines; without one the file is no Dockerfile */
  readonly stages: number
}

/** What a name in `COPY --from` or in a mount refers to. */
interface Names {
  readonly stages: ReadonlySet<string>
  /** the number of stages */
  readonly count: number
}

const KEYWORDS: ReadonlySet<string> = new Set([
  ...[
    'ADD',
    'ARG',
    'CMD',
    'COPY',
    'ENTRYPOINT',
    'ENV',
    'EXPOSE',
    'FROM',
    'HEALTHCHECK',
    'LABEL',
    'MAINTAINER',
  ],
  ...['ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
])

/**
 * The images that the build of a Dockerfile pulls: of `# syntax=`, `FROM`, `COPY --from` and `RUN --mount=from=`, without stages
 * and `scratch`. Build arguments take their defaults.
 */
export function dockerfileImages(text: string, options: BuildOptions = {}): DockerfileImages {
  const parsed = parseDockerfile(text)
  const { mentions, problems } = new DockerfileReader(parsed, options)
  return {
    mentions,
    problems,
    stages: parsed.instructions.filter(({ keyword }) => keyword === 'FROM').length,
  }
}

class DockerfileReader {
  readonly mentions: Mention[] = []
  readonly problems: Problem[] = []
  readonly #arguments: BuildArguments
  readonly #escape: string

  constructor({ directives, instructions, openHeredoc }: ParsedDockerfile, options: BuildOptions) {
    const { args = new Map<string, string>(), contexts = [] } = options
    const { escape, syntax } = directives
    this.#escape = escape
    this.#arguments = new BuildArguments(args, escape)
    if (syntax !== undefined) this.#mention('# syntax', syntax.text, syntax.line, syntax.at)
    const known = ['scratch', ...contexts.map(name => name.toLowerCase())]
    const count = this.#readStages(instructions, new Set(known))
    const names = {
      stages: new Set([...known, ...instructions.flatMap(line => this.#stageName(line) ?? [])]),
      count,
    }
    for (const instruction of instructions) this.#readSources(instruction, names)
    this.#tellUnknown(instructions)
    if (openHeredoc !== undefined)
      this.problems.push({
        line: openHeredoc,
        message: 'a heredoc does not end, so the lines below are not read',
      })
  }

  /** Reads `ARG` before the first stage, and `FROM`. A stage may be named only below it. @returns the number of stages */
  #readStages(instructions: readonly Instruction[], names: Set<string>): number {
    let count = 0
    for (const instruction of instructions) {
      if (instruction.keyword === 'ARG' && count === 0) this.#arguments.declare(instruction)
      if (instruction.keyword !== 'FROM') continue
      count += 1
      this.#readFrom(instruction, names)
      const name = this.#stageName(instruction)
      if (name !== undefined) names.add(name)
    }
    return count
  }

  #readFrom(instruction: Instruction, names: ReadonlySet<string>): void {
    const { line, argumentsAt } = instruction
    const [word, as] = this.#fromWords(instruction)
    if (word === undefined) return this.#tell(line, argumentsAt, 'FROM names no image')
    if (as !== undefined && as.text.toUpperCase() !== 'AS')
      this.#tell(line, as.start, `FROM ${word.text} is followed by ${as.text}, where only AS may stand`)
    const { text, problem } = this.#arguments.expand(word.text)
    const reason = problem ?? (text === '' ? 'names no image' : undefined)
    if (reason !== undefined)
      return this.#tell(line, word.start, `FROM ${word.text} ${reason}; name the image with --image`)
    if (names.has(text.toLowerCase())) return
    this.#mention('FROM', text, line, word)
  }

  #fromWords({ line, argumentsAt }: Instruction): Word[] {
    const { end } = leadingFlags(line.text, argumentsAt)
    return [...splitWords(line.text, end, this.#escape)]
  }

  #stageName(instruction: Instruction): string | undefined {
    if (instruction.keyword !== 'FROM') return undefined
    const [, as, name] = this.#fromWords(instruction)
    return as?.text.toUpperCase() === 'AS' ? name?.text.toLowerCase() : undefined
  }

  /** Reads the images of `COPY --from` and of mounts; `ONBUILD` may stand before them. */
  #readSources(instruction: Instruction, names: Names, isTrigger = false): void {
    const { keyword, line, argumentsAt } = instruction
    if (keyword === 'ONBUILD' && !isTrigger)
      return this.#readSources(instructionOf(line, argumentsAt), names, true)
    if (!['COPY', 'ADD', 'RUN'].includes(keyword)) return
    for (const flag of leadingFlags(line.text, argumentsAt).flags) {
      const [, name = '', value = ''] = /^--([^=]*)=?(.*)$/s.exec(unquoted(flag.text)) ?? []
      const at = `${isTrigger ? 'ONBUILD ' : ''}${keyword} --${name}`
      if (name === 'from' && keyword !== 'COPY')
        this.#tell(line, flag.start, `${at}: only COPY takes --from, so ${JSON.stringify(value)} is left out`)
      else if (name === 'from' && value !== '') this.#readSource(at, value, line, flag, names)
      else if (name === 'mount')
        for (const source of mountSources(value)) this.#readSource(at, source, line, flag, names)
    }
  }

  #readSource(at: string, source: string, line: LogicalLine, flag: Word, names: Names): void {
    const tell = (reason: string) =>
      this.#tell(line, flag.start, `${at}: ${JSON.stringify(source)} ${reason}`)
    const isTrigger = at.startsWith('ONBUILD')
    if (source.includes('$'))
      return tell('has a variable, which BuildKit does not replace here; name a stage of FROM')
    if (names.stages.has(source.toLowerCase())) return
    if (/^[+-]?\d+$/.test(source)) {
      if (isTrigger || (at.endsWith('--from') && Number(source) >= 0 && Number(source) < names.count)) return
      return tell('is the number of no stage; a mount takes a stage only by its name')
    }
    if (isTrigger && !/[/:@]/.test(source))
      return tell('may be a stage of the Dockerfile that builds on this image; if not, name it with --image')
    this.#mention(at, source, line, placeOfSource(source, flag) ?? flag)
  }

  /** Adds an image that stands at a place of a line. It can be rewritten there if it is written as it is. */
  #mention(at: string, image: string, line: LogicalLine, word: Span): void {
    const written = line.text.slice(word.start, word.end)
    const quoted = /^(["'])(.*)\1$/s.exec(written)?.[2]
    const place = quoted === undefined ? word : { start: word.start + 1, end: word.end - 1 }
    const isPlain = (quoted ?? written) === image
    const span = isPlain ? line.spanOf(place) : undefined
    const byHand = written.includes('$') ? 'made of build arguments' : 'written in several pieces'
    this.mentions.push({
      at,
      text: isPlain ? image : written,
      image,
      line: line.lineOf(word.start),
      ...(span === undefined ? { byHand } : { span }),
    })
  }

  #tellUnknown(instructions: readonly Instruction[]): void {
    const unknown = instructions.find(({ keyword }) => !KEYWORDS.has(keyword))
    if (unknown === undefined) return
    const keyword = JSON.stringify(unknown.keyword.slice(0, 40))
    this.#tell(unknown.line, 0, `${keyword} is no instruction of a Dockerfile`)
  }

  #tell(line: LogicalLine, offset: number, message: string): void {
    this.problems.push({ line: line.lineOf(offset), message })
  }
}

/** Where the source stands in a flag; undefined if quotes or escape characters are between its characters. */
function placeOfSource(source: string, { text, start }: Word): Span | undefined {
  const key = `from=${source}`
  const found = text.indexOf(key)
  if (found === -1 || found !== text.lastIndexOf(key)) return undefined
  const at = start + found + 'from='.length
  return { start: at, end: at + source.length }
}
