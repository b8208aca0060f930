import { replaceMatches, trimEnd, trimStart } from './glob.ts'

/** A text with its variables replaced. */
export interface Expansion {
  readonly text: string
  /** Why the text is not known, e.g. a variable has no value. */
  readonly problem?: string
}

export type Variables = ReadonlyMap<string, Expansion>

/** What differs between the files that have variables. */
export interface VariableSyntax {
  /** The escape character; absent if quotes and escapes are plain text, and `$$` is a dollar sign, as in Compose files. */
  readonly escape?: string
}

/** Longer than every reference. It also keeps variables that double each other from growing without end. */
export const MAX_LENGTH = 512
const MAX_DEPTH = 20

/**
 * Replaces `$name`, `${name}` and the modifiers `:-`, `-`, `:+`, `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, `/` and `//` as BuildKit does,
 * and removes quotes. A variable without a value makes the text unknown only if its value is used.
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export function expandVariables(text: string, variables: Variables, syntax: VariableSyntax): Expansion {
  if (text.length > MAX_LENGTH) return unknown('is too long for the name of an image')
  return new Expander(text, variables, syntax).expand(undefined, 0)
}

class Expander {
  readonly #text: string
  readonly #variables: Variables
  readonly #escape: string | undefined
  #at = 0

  constructor(text: string, variables: Variables, { escape }: VariableSyntax) {
    this.#text = text
    this.#variables = variables
    this.#escape = escape
  }

  /** Reads until a character that is neither quoted nor escaped, and behind it; without one, until the end of the text. */
  expand(stop: string | undefined, depth: number, keepsEscapes = false): Expansion {
    if (depth > MAX_DEPTH) return unknown('has variables that are nested too deeply')
    const parts: Expansion[] = []
    while (this.#at < this.#text.length) {
      const character = this.#next()
      if (character === stop) return join(parts)
      if (character === '$') parts.push(this.#variable(depth))
      else if (this.#escape === undefined) parts.push({ text: character })
      else if (character === "'") parts.push(this.#singleQuoted())
      else if (character === '"') parts.push(this.#doubleQuoted(depth))
      else if (character === this.#escape)
        parts.push({ text: (keepsEscapes ? character : '') + this.#next() })
      else parts.push({ text: character })
    }
    return stop === undefined ? join(parts) : unknown(`lacks a ${stop}`)
  }

  #singleQuoted(): Expansion {
    const end = this.#text.indexOf("'", this.#at)
    if (end === -1) return this.#open("'")
    const text = this.#text.slice(this.#at, end)
    this.#at = end + 1
    return { text }
  }

  #doubleQuoted(depth: number): Expansion {
    const parts: Expansion[] = []
    while (this.#at < this.#text.length) {
      const character = this.#next()
      if (character === '"') return join(parts)
      if (character === '$') parts.push(this.#variable(depth))
      else if (character === this.#escape && ['"', '$', this.#escape].includes(this.#text[this.#at] ?? ''))
        parts.push({ text: this.#next() })
      else parts.push({ text: character })
    }
    return this.#open('"')
  }

  #open(quote: string): Expansion {
    this.#at = this.#text.length
    return unknown(`lacks a closing ${quote}`)
  }

  /** What follows a dollar sign. */
  #variable(depth: number): Expansion {
    if (this.#escape === undefined && this.#takes('$')) return { text: '$' }
    if (this.#takes('{')) return this.#braced(depth)
    const name = this.#name()
    return name === '' ? { text: '$' } : this.#value(name)
  }

  #braced(depth: number): Expansion {
    const name = this.#name()
    if (name === '') return unknown('has a substitution without a name')
    if (this.#takes('}')) return this.#value(name)
    const value = this.#variables.get(name)
    const isEmptyUnset = this.#takes(':')
    const isSet = value !== undefined && !(isEmptyUnset && value.problem === undefined && value.text === '')
    const modifier = this.#next()
    if (this.#escape !== undefined && '#%/'.includes(modifier) && modifier !== '' && !isEmptyUnset)
      return this.#trimmed(name, modifier, depth)
    const word = this.expand('}', depth + 1)
    switch (modifier) {
      case '-':
        return isSet ? value : word
      case '+':
        return isSet ? word : { text: '' }
      case '?':
        return isSet ? value : unknown(`needs a value for ${name}${word.text === '' ? '' : `: ${word.text}`}`)
      default:
        return unknown(`has a substitution of ${name} that is not known`)
    }
  }

  #trimmed(name: string, modifier: string, depth: number): Expansion {
    const isDouble = this.#takes(modifier)
    const pattern = this.expand(modifier === '/' ? '/' : '}', depth + 1, true)
    const by = modifier === '/' ? this.expand('}', depth + 1, true) : undefined
    const value = this.#value(name)
    const problem = value.problem ?? pattern.problem ?? by?.problem
    if (problem !== undefined) return unknown(problem)
    if (by !== undefined) return bounded(replaceMatches(value.text, pattern.text, by.text, isDouble))
    const trim = modifier === '#' ? trimStart : trimEnd
    return { text: trim(value.text, pattern.text, isDouble) }
  }

  #value(name: string): Expansion {
    return this.#variables.get(name) ?? unknown(`uses ${name}, which has no value`)
  }

  #name(): string {
    const pattern = /[A-Za-z_][A-Za-z0-9_]*|\d+/y
    pattern.lastIndex = this.#at
    const name = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += name.length
    return name
  }

  #takes(character: string): boolean {
    const found = this.#text[this.#at] === character
    if (found) this.#at += 1
    return found
  }

  #next(): string {
    return this.#text[this.#at++] ?? ''
  }
}

function join(parts: readonly Expansion[]): Expansion {
  const problem = parts.find(part => part.problem !== undefined)?.problem
  return problem === undefined ? bounded(parts.map(({ text }) => text).join('')) : unknown(problem)
}

function bounded(text: string): Expansion {
  return text.length > MAX_LENGTH ? unknown('becomes too long for the name of an image') : { text }
}

function unknown(problem: string): Expansion {
  return { text: '', problem }
}
