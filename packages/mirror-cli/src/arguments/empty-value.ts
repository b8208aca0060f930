import { GpregError } from '@gpreg/oci'
import { argumentName, type CommandFacts } from './command-words.ts'

/** A flag or an argument as the user typed it. */
interface Typed {
  readonly type: 'flag' | 'arg'
  readonly flag?: string
  readonly arg?: string
  readonly input: string
}

/**
 * Refuses empty values: no flag and no argument of gpreg has a meaning for one, but a shell makes one of a variable that is not set.
 * @throws `usage`
 */
export function assertNoEmptyValue(typed: readonly Typed[], command: Pick<CommandFacts, 'args'>): void {
  const empty = typed.find(({ input }) => input.trim() === '')
  if (empty === undefined) return
  const what = empty.type === 'flag' ? `--${empty.flag}` : argumentName(command, empty.arg)
  throw new GpregError('usage', `${what} is empty`, {
    hint: 'give it a value or leave it out; where a shell variable gives it, check that the variable is set',
  })
}
