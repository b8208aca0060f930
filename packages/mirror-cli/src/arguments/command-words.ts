import type { Command } from '../oclif.ts'

/** A command as far as its arguments go: one that runs, or its entry in the manifest. */
export interface CommandFacts {
  readonly id: string
  readonly args: Readonly<Record<string, { readonly name: string }>>
  readonly flags: Readonly<Record<string, FlagFacts>>
  readonly baseFlags?: Readonly<Record<string, FlagFacts>>
  readonly examples?: Command.Example[] | undefined
}

interface FlagFacts {
  readonly description?: string | undefined
  /** the form of its value */
  readonly helpValue?: string | string[] | undefined
  readonly options?: readonly string[] | undefined
}

/** How a command is called: `gpreg bundle save`. */
export function nameOf({ id }: Pick<CommandFacts, 'id'>): string {
  return `gpreg ${id.replaceAll(':', ' ')}`
}

/** How an argument is called, as in the usage of its command: `HOST`. Further arguments are called as the first. */
export function argumentName({ args }: Pick<CommandFacts, 'args'>, key = ''): string {
  const { name } = args[key] ?? Object.values(args)[0] ?? { name: 'argument' }
  return name.toUpperCase()
}

/** A flag with the form of its value: `--output FILE|-`. */
export function flagName({ flags, baseFlags }: CommandFacts, name: string): string {
  const { helpValue, options } = { ...baseFlags, ...flags }[name] ?? {}
  const value = helpValue ?? options?.join('|')
  return [`--${name}`, ...[value ?? []].flat()].join(' ')
}

/** Where the user finds what a command takes. */
export function helpOf(command: Pick<CommandFacts, 'id'>): string {
  return `${nameOf(command)} --help lists what there is`
}
