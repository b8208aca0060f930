import { GpregError } from '@gpreg/oci'
import { toGpregError } from '@gpreg/oci/engine'
import type { CommandFacts } from '../arguments/command-words.ts'
import { unknownCommand } from '../arguments/unknown-command.ts'
import { exitCodeOf } from '../exit-codes.ts'
import { asksForJson } from '../flags/common.ts'
import { Errors } from '../oclif.ts'
import { errorDocument, renderError } from '../render/error.ts'
import { paintFor } from '../render/text/paint.ts'

/**
 * Ends the process with an error that happened outside a command, such as an unknown command. oclif would wait for a closed output
 * here, and print stack traces.
 */
export function endWith(thrown: unknown, commands: readonly CommandFacts[]): void {
  if (thrown instanceof Errors.ExitError) {
    process.exitCode = thrown.oclif.exit ?? 0
    return
  }
  const argv = process.argv.slice(2)
  const error = errorOf(thrown, argv, commands)
  process.exitCode = exitCodeOf(error.code)
  if (asksForJson(argv, process.env)) {
    process.stdout.write(`${JSON.stringify(errorDocument(error), undefined, 2)}\n`)
    return
  }
  const options = { verbose: error.code === 'bug', paint: paintFor(process.stderr) }
  process.stderr.write(`${renderError(error, options)}\n`)
}

function errorOf(thrown: unknown, argv: readonly string[], commands: readonly CommandFacts[]): GpregError {
  if (!(thrown instanceof Errors.CLIError)) return toGpregError(thrown)
  if (/ not found\b/.test(thrown.message)) return unknownCommand(argv, commands)
  return new GpregError('usage', thrown.message.split('\n', 1)[0]!, {
    hint: 'gpreg --help lists the commands',
  })
}
