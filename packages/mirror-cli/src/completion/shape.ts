import { knownReleases } from '@gpreg/core'
import type { Command } from '../oclif.ts'

/** What may follow a flag or stand as an argument: paths, given words, or anything, of which nothing can be offered. */
export type Offer = 'files' | 'directories' | 'any' | readonly string[]

export interface FlagShape {
  /** e.g. `output` */
  readonly name: string
  /** e.g. `o` */
  readonly char?: string
  readonly description: string
  /** absent for a flag without a value */
  readonly offer?: Offer
}

export interface CommandShape {
  /** as it is typed, e.g. `bundle save` */
  readonly name: string
  readonly summary: string
  readonly flags: readonly FlagShape[]
  /** absent if the command has no arguments */
  readonly argument?: Offer
}

/** What a completion script has to know of the command line. */
export interface Shape {
  readonly bin: string
  readonly version: string
  readonly commands: readonly CommandShape[]
  /** The first words of commands with two words, with what they are about. */
  readonly topics: ReadonlyMap<string, string>
}

type Source = Pick<Command.Loadable, 'id' | 'summary' | 'description' | 'hidden' | 'args' | 'flags'>
type Flag = Source['flags'][string]
type Arg = Source['args'][string]

/** Common platforms; any other may be named, too. */
const PLATFORMS = [
  'linux/amd64',
  'linux/arm64',
  'linux/arm/v7',
  'linux/s390x',
  'linux/ppc64le',
  'windows/amd64',
]
const HELP: FlagShape = { name: 'help', char: 'h', description: 'Show help' }

/** @param about what a topic is about, by its name */
export function shapeOf(
  commands: readonly Source[],
  { bin, version, about }: Pick<Shape, 'bin' | 'version'> & { about(topic: string): string },
): Shape {
  const shown = commands.filter(({ hidden }) => !hidden).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const firsts = [...new Set(shown.map(({ id }) => id.split(':')[0] ?? ''))]
  const topics = firsts.filter(first => shown.some(({ id }) => id.startsWith(`${first}:`)))
  return {
    bin,
    version,
    topics: new Map(topics.map(topic => [topic, about(topic)])),
    commands: shown.map(command => commandShape(command, firsts)),
  }
}

/** The first words of all commands, with what they are about. */
export function firstWords({ topics, commands }: Shape): [name: string, about: string][] {
  const single = commands.filter(({ name }) => !name.includes(' '))
  return [...topics, ...single.map(({ name, summary }): [string, string] => [name, summary])].sort()
}

/** The second words of the commands of a topic. */
export function secondWords({ commands }: Shape, topic: string): [name: string, about: string][] {
  return commands
    .filter(({ name }) => name.startsWith(`${topic} `))
    .map(({ name, summary }) => [name.slice(topic.length + 1), summary])
}

function commandShape(
  { id, summary, description = '', args, flags }: Source,
  firsts: readonly string[],
): CommandShape {
  const [argument] = Object.values(args)
  return {
    name: id.replaceAll(':', ' '),
    summary: firstSentence(summary ?? description),
    flags: [...Object.entries(flags).flatMap(([name, flag]) => flagShape(name, flag)), HELP],
    ...(argument === undefined ? {} : { argument: id === 'help' ? firsts : argumentOffer(argument) }),
  }
}

function flagShape(name: string, flag: Flag): FlagShape[] {
  if (flag.hidden || name === HELP.name) return []
  const { char } = flag
  return [
    {
      name,
      ...(char === undefined ? {} : { char }),
      description: flag.summary ?? flag.description ?? '',
      ...(flag.type === 'option' ? { offer: valueOffer(name, flag) } : {}),
    },
  ]
}

/** By the options of a flag, or by the words that its help has for the value. */
function valueOffer(name: string, { options, helpValue }: Flag & { type: 'option' }): Offer {
  const value = [helpValue ?? ''].flat().join(' ')
  if (options !== undefined && options.length > 0) return options
  if (name === 'platform') return PLATFORMS
  if (value === 'RELEASE') return knownReleases()
  if (name === 'release') return knownReleases().map(release => `release-${release}`)
  if (/(?:^|[|=\]])(?:FILE|PATH|CERT|RECEIPT|LOCK|DOCUMENT|BUNDLE)|\.pem$/.test(value)) return 'files'
  return value.startsWith('DIR') ? 'directories' : 'any'
}

/** Arguments are files, but for words of a list and hosts. */
function argumentOffer({ options, description = '' }: Arg): Offer {
  if (options !== undefined && options.length > 0) return options
  return /^host\b/i.test(description) ? 'any' : 'files'
}

function firstSentence(text: string): string {
  return text.replace(/\.?(?:\n.*)?$/s, '')
}
