import { fileURLToPath } from 'node:url'
import { Config, Errors, run, settings } from '@oclif/core'
import { exitCodeOf } from '../exit-codes.ts'
import { renderError } from '../render/error.ts'
import { paintFor } from '../render/text/paint.ts'
import { surviveClosedOutput } from './output.ts'

/** @param start the file that was started, as `import.meta.url`: the command's own package.json is found from there */
export async function main(start: string): Promise<void> {
  // Always run the built code, because oclif would look for TypeScript sources under NODE_ENV=test.
  settings.enableAutoTranspile = false
  surviveClosedOutput(process)
  const config = await Config.load(fileURLToPath(start))
  try {
    await run(process.argv.slice(2), config)
  } catch (thrown) {
    await end(thrown, config.commandIDs)
  }
}

/**
 * Ends the process with an error that happened outside a command, such as an unknown command. oclif would wait for a closed output
 * here, and print stack traces.
 */
async function end(thrown: unknown, commands: readonly string[]): Promise<void> {
  if (thrown instanceof Errors.ExitError) {
    process.exitCode = thrown.oclif.exit ?? 0
    return
  }
  // Loaded for an error only, so that every other start is faster.
  const [{ GpregError }, { toGpregError }] = await Promise.all([
    import('@gpreg/oci'),
    import('@gpreg/oci/engine'),
  ])
  const error =
    thrown instanceof Errors.CLIError
      ? new GpregError('usage', thrown.message.replaceAll(':', ' '), {
          hint: await commandHint(process.argv.slice(2), commands),
        })
      : toGpregError(thrown)
  process.exitCode = exitCodeOf(error.code)
  const options = { verbose: error.code === 'bug', paint: paintFor(process.stderr) }
  process.stderr.write(`${renderError(error, options)}\n`)
}

/** The command that the first words are meant to be, or where the commands are listed. */
async function commandHint(argv: readonly string[], commands: readonly string[]): Promise<string> {
  const { suggestionFor } = await import('./suggestion.ts')
  const end = argv.findIndex(argument => argument.startsWith('-'))
  const words = argv.slice(0, end < 0 ? 2 : Math.min(end, 2))
  const known = commands.map(id => id.replaceAll(':', ' '))
  const meant = suggestionFor(words.join(' '), known) ?? suggestionFor(words[0] ?? '', known)
  return meant === undefined ? 'gpreg --help lists the commands' : `did you mean gpreg ${meant}?`
}
