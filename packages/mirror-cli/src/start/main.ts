import { fileURLToPath } from 'node:url'
import { Errors, run, settings } from '@oclif/core'
import { exitCodeOf } from '../exit-codes.ts'
import { renderError } from '../render/error.ts'
import { paintFor } from '../render/text/paint.ts'
import { surviveClosedOutput } from './output.ts'

/** @param start the file that was started, as `import.meta.url`: the command's own package.json is found from there */
export async function main(start: string): Promise<void> {
  // Always run the built code, because oclif would look for TypeScript sources under NODE_ENV=test.
  settings.enableAutoTranspile = false
  surviveClosedOutput(process)
  try {
    await run(process.argv.slice(2), fileURLToPath(start))
  } catch (thrown) {
    await end(thrown)
  }
}

/**
 * Ends the process with an error that happened outside a command, such as an unknown command. oclif would wait for a closed output
 * here, and print stack traces.
 */
async function end(thrown: unknown): Promise<void> {
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
      ? new GpregError('usage', thrown.message, { hint: 'gpreg --help lists the commands' })
      : toGpregError(thrown)
  process.exitCode = exitCodeOf(error.code)
  const options = { verbose: error.code === 'bug', paint: paintFor(process.stderr) }
  process.stderr.write(`${renderError(error, options)}\n`)
}
