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

/** What oclif says of flags in a sentence, and how gpreg says it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^All of the following must be provided when using (--\S+): (.*)$/, '$1 wants $2, too'],
  [/^One of the following must be provided when using (--\S+): (.*)$/, '$1 wants one of $2'],
  [/^(--[^=\s]+)=.* cannot also be provided when using (--\S+)$/s, '$2 and $1 exclude each other'],
  [/^Flag (--\S+) can only be specified once$/, '$1 was given twice'],
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
  const message = lines.map(line => reworded(line, command)).join('; ')
  return new GpregError('usage', nameVariable(message, argv, env), { hint: helpOf(command) })
}

function reworded(line: string, command: CommandFacts): string {
  const [, valueless] = /^Flag --(\S+) expects a value$/.exec(line) ?? []
  if (valueless !== undefined) return `${flagName(command, valueless)} lacks its value`
  return WORDS.reduce((text, [pattern, words]) => text.replace(pattern, words), line)
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
