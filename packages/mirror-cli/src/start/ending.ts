import { GpregError } from '@gpreg/oci'
import { toGpregError } from '@gpreg/oci/engine'
import { exitCodeOf } from '../exit-codes.ts'
import { Errors } from '../oclif.ts'
import { renderError } from '../render/error.ts'
import { paintFor } from '../render/text/paint.ts'
import { suggestionFor } from './suggestion.ts'

/**
 * Ends the process with an error that happened outside a command, such as an unknown command. oclif would wait for a closed output
 * here, and print stack traces.
 */
export function endWith(thrown: unknown, commands: readonly string[]): void {
  if (thrown instanceof Errors.ExitError) {
    process.exitCode = thrown.oclif.exit ?? 0
    return
  }
  const error =
    thrown instanceof Errors.CLIError
      ? new GpregError('usage', thrown.message.replaceAll(':', ' '), {
          hint: commandHint(process.argv.slice(2), commands),
        })
      : toGpregError(thrown)
  process.exitCode = exitCodeOf(error.code)
  const options = { verbose: error.code === 'bug', paint: paintFor(process.stderr) }
  process.stderr.write(`${renderError(error, options)}\n`)
}

/** The command that the first words are meant to be, or where the commands are listed. */
function commandHint(argv: readonly string[], commands: readonly string[]): string {
  const end = argv.findIndex(argument => argument.startsWith('-'))
  const words = argv.slice(0, end < 0 ? 2 : Math.min(end, 2))
  const known = commands.map(id => id.replaceAll(':', ' '))
  const meant = suggestionFor(words.join(' '), known) ?? suggestionFor(words[0] ?? '', known)
  return meant === undefined ? 'gpreg --help lists the commands' : `did you mean gpreg ${meant}?`
}
