import { stripVTControlCharacters } from 'node:util'
import { GpregError } from '@gpreg/oci'
import { nameVariable } from '../flags/environment.ts'
import { flagName, helpOf, nameOf, type CommandFacts } from './command-words.ts'
import { answerToFlag } from './foreign-flags.ts'
import { unexpectedArguments } from './unexpected.ts'

/** An error of oclif's parser, with what it is about. */
interface ParseError extends Error {
  readonly args?: readonly ({ readonly name: string; readonly description?: string } | string)[]
  readonly flags?: readonly string[]
}

/** What oclif says of flags in a sentence, how gpreg says it, and the next step. */
const WORDS: readonly { readonly pattern: RegExp; readonly text: string; readonly hint: string }[] = [
  {
    pattern: /^All of the following must be provided when using (--\S+): (.*)$/,
    text: '$1 wants $2, too',
    hint: 'add $2, or leave $1 out',
  },
  {
    pattern: /^One of the following must be provided when using (--\S+): (.*)$/,
    text: '$1 wants one of $2',
    hint: 'add one of $2, or leave $1 out',
  },
  {
    pattern: /^(--[^=\s]+)=.* cannot also be provided when using (--\S+)$/s,
    text: '$2 and $1 exclude each other',
    hint: 'leave one of them out',
  },
  {
    pattern: /^Flag (--\S+) can only be specified once$/,
    text: '$1 was given twice',
    hint: 'leave one of them out',
  },
]

/**
 * Turns an error of oclif's parser into a `usage` error: one line, and the next step. Values of unknown flags are left out, because
 * users try --password.
 */
export function usageError(
  thrown: ParseError,
  command: CommandFacts,
  { argv, env }: Pick<NodeJS.Process, 'argv' | 'env'>,
): GpregError {
  const text = stripVTControlCharacters(thrown.message)
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/ \n\t/, ': ')
  if (text.startsWith('Missing ') && thrown.args !== undefined) return missingArguments(thrown.args, command)
  if (thrown.args !== undefined) return unexpectedArguments(thrown.args.map(String), command)
  if (thrown.flags !== undefined) return unknownFlags(thrown.flags, command)
  const lines = text.split(/\n\s*/)
  const missing = lines.flatMap(line => /^Missing required flag (\S+)$/.exec(line)?.[1] ?? [])
  if (missing.length > 0) return missingFlags(missing, command)
  const said = lines.map(line => reworded(line, command))
  const message = said.map(({ text }) => text).join('; ')
  const hint = [...new Set(said.map(each => each.hint))].join('; ')
  return new GpregError('usage', nameVariable(message, argv, env), { hint })
}

function reworded(line: string, command: CommandFacts): { readonly text: string; readonly hint: string } {
  const [, valueless] = /^Flag --(\S+) expects a value$/.exec(line) ?? []
  if (valueless !== undefined)
    return { text: `${flagName(command, valueless)} lacks its value`, hint: helpOf(command) }
  const found = WORDS.find(({ pattern }) => pattern.test(line))
  if (found === undefined) return { text: line, hint: helpOf(command) }
  const { pattern, text, hint } = found
  return { text: line.replace(pattern, text), hint: line.replace(pattern, hint) }
}

function missingArguments(args: NonNullable<ParseError['args']>, command: CommandFacts): GpregError {
  const wanted = args.flatMap(arg => (typeof arg === 'string' ? [] : [arg]))
  const what = wanted.map(({ name, description }) => `${name.toUpperCase()} (${description})`)
  return missing(what, command)
}

function missingFlags(names: readonly string[], command: CommandFacts): GpregError {
  return missing(
    names.map(name => `${flagName(command, name)} (${command.flags[name]?.description})`),
    command,
  )
}

/** Says what a command lacks. The first example of its help is the next step, because it has all of it. */
function missing(what: readonly string[], command: CommandFacts): GpregError {
  const [example] = command.examples ?? []
  const hint = typeof example === 'object' ? `for example: ${example.command}` : helpOf(command)
  return new GpregError('usage', `${nameOf(command)} lacks ${what.join(' and ')}`, { hint })
}

function unknownFlags(given: readonly string[], command: CommandFacts): GpregError {
  const known = Object.keys({ ...command.baseFlags, ...command.flags }).map(name => `--${name}`)
  const wrong = given.map(flag => (flag.startsWith('--') ? flag.split('=', 1)[0]! : flag.slice(0, 2)))
  const answers = wrong.flatMap(flag => answerToFlag(flag, known) ?? [])
  return new GpregError('usage', `Nonexistent flag${wrong.length === 1 ? '' : 's'}: ${wrong.join(', ')}`, {
    hint: answers.length > 0 ? [...new Set(answers)].join('; ') : helpOf(command),
  })
}
