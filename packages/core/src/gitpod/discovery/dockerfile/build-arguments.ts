import type { Instruction } from './instructions.ts'
import { expandVariables, type Expansion, type Variables } from './variables.ts'
import { splitWords } from './words.ts'

/**
 * The arguments that BuildKit sets itself. Gitpod builds for this platform.
 * https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
 */
const PLATFORM: Readonly<Record<string, string>> = {
  BUILDPLATFORM: 'linux/amd64',
  BUILDOS: 'linux',
  BUILDARCH: 'amd64',
  BUILDVARIANT: '',
  TARGETPLATFORM: 'linux/amd64',
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
  TARGETVARIANT: '',
  TARGETSTAGE: 'default',
}

/** All expansions of a file together read at most so many characters. More than a thousand names have room in it. */
const MAX_CHARACTERS = 1 << 17

/** The build arguments before the first `FROM`, the only ones that `FROM` sees. */
export class BuildArguments {
  readonly #values: Map<string, Expansion>
  readonly #given: ReadonlyMap<string, string>
  readonly #escape: string
  #characters = 0

  /** @param given values from outside, e.g. of a devcontainer.json; they win over the defaults in the file */
  constructor(given: ReadonlyMap<string, string>, escape: string) {
    this.#given = given
    this.#escape = escape
    const platform = Object.entries(PLATFORM).map(([name, text]) => [name, given.get(name) ?? text] as const)
    this.#values = new Map(platform.map(([name, text]) => [name, { text }]))
  }

  /** Takes in an `ARG`, which may declare several. */
  declare({ line, argumentsAt }: Instruction): void {
    for (const { text } of splitWords(line.text, argumentsAt, this.#escape)) {
      const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? []
      const given = this.#given.get(name)
      if (given !== undefined) this.#values.set(name, { text: given })
      else if (value !== undefined) this.#values.set(name, this.expand(value))
    }
  }

  expand(text: string): Expansion {
    this.#characters += text.length
    if (this.#characters > MAX_CHARACTERS)
      return { text: '', problem: 'comes after too many build arguments' }
    const variables: Variables = this.#values
    return expandVariables(text, variables, { escape: this.#escape })
  }
}
