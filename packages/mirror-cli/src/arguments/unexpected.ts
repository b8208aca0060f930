import { GpregError } from '@gpreg/oci'
import { argumentName, helpOf, nameOf, type CommandFacts } from './command-words.ts'

/**
 * The error for arguments that a command has no place for. Users of other tools name images so. `login` does not repeat them, because
 * they may be a password.
 */
export function unexpectedArguments(extras: readonly string[], command: CommandFacts): GpregError {
  const taken = Object.keys(command.args).map(key => argumentName(command, key))
  const takes = taken.length === 0 ? 'no arguments' : `only ${taken.join(' and ')}`
  const isSecret = 'password-stdin' in command.flags
  const got = isSecret ? 'more than that' : extras.join(' ')
  return new GpregError('usage', `${nameOf(command)} takes ${takes}, and got ${got}`, {
    hint: isSecret
      ? 'a password is asked for, or read from standard input with --password-stdin'
      : placeOf(command),
  })
}

/** Where a command takes what users give as arguments. */
function placeOf(command: CommandFacts): string {
  if (!('image' in command.flags)) return helpOf(command)
  const target = 'to' in command.flags ? ', and the registry they go to with --to HOST[:PORT]/PREFIX' : ''
  return `name images with --image REF (once for each), --images FILE or --release VERSION${target}`
}
