import type { Interfaces } from '../oclif.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Gives every flag its environment variable: `--to` is `GPREG_TO`, `--ca-file` is `GPREG_CA_FILE`.
 *
 * A flag without a letter gets its label for the help, too: oclif would indent it as if it had one, but not on the first line.
 */
export function withEnvironment<T extends Interfaces.FlagInput>(flags: T): T {
  const named = Object.entries(flags).map(([name, flag]) => [
    name,
    { ...flag, env: environmentName(name), ...(flag.char === undefined && { helpLabel: `--${name}` }) },
  ])
  return Object.fromEntries(named) as T
}

/**
 * Turns the environment variables of repeatable flags into arguments, because oclif itself would read such a variable as one value.
 * Values are separated by newlines or commas; by newlines only if the values of the flag contain commas (`HOST=CERT,KEY`).
 */
export function environmentArguments(
  flags: Interfaces.FlagInput,
  argv: readonly string[],
  env: Environment,
): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    const given = argv.some(argument => argument === `--${name}` || argument.startsWith(`--${name}=`))
    if (flag.type !== 'option' || !flag.multiple || given) return []
    const separator = flag.helpValue?.includes(',') ? /\n/ : /[\n,]/
    const values = (env[environmentName(name)] ?? '').split(separator).map(value => value.trim())
    return values.filter(value => value !== '').map(value => `--${name}=${value}`)
  })
}

/**
 * Names the variable in a message about a flag, if the value came from there.
 * @param argv the arguments as the user gave them
 */
export function nameVariable(message: string, argv: readonly string[], env: Environment): string {
  const [flag, name] = /--([a-z][a-z-]*)/.exec(message) ?? []
  if (flag === undefined || name === undefined) return message
  const variable = environmentName(name)
  const given = argv.some(argument => argument === flag || argument.startsWith(`${flag}=`))
  return given || !env[variable] ? message : message.replace(flag, `the variable ${variable}`)
}

/**
 * The variables whose values an error quotes, because they have the input that is refused. A flag wins over its variable, so one
 * that was given as an argument is left out.
 * @param flags names of the flags of the command
 */
export function quotedVariables(
  message: string,
  flags: readonly string[],
  argv: readonly string[],
  env: Environment,
): string[] {
  return flags.flatMap(name => {
    const variable = environmentName(name)
    const given = argv.some(argument => argument === `--${name}` || argument.startsWith(`--${name}=`))
    const values = (env[variable] ?? '').split(/[\n,]/).map(value => value.trim())
    return !given && values.some(value => isQuoted(value, message)) ? [variable] : []
  })
}

/** Whether a text has a value as a word: `1` is not quoted by `127.0.0.1`. */
function isQuoted(value: string, text: string): boolean {
  return (
    value !== '' &&
    ` ${text} `
      .split(value)
      .slice(1)
      .some((rest, at) => {
        const before = ` ${text} `.split(value)[at] ?? ''
        return /[\s"'(=]$/.test(before) && /^[\s"'),:;.]/.test(rest)
      })
  )
}

function environmentName(flag: string): string {
  return `GPREG_${flag.toUpperCase().replaceAll('-', '_')}`
}
