import { ExitCode } from '../exit-codes.ts'

/**
 * Lets a command go on if nobody reads its output any more, as in `gpreg … | head`: it does its work, and ends with its own exit
 * code. An answer that could not be written for another reason, such as a full disk, is an error.
 *
 * Replaces the listener of oclif, which throws such errors.
 */
export function surviveClosedOutput({ stdout, stderr }: Pick<typeof process, 'stdout' | 'stderr'>): void {
  stderr.on('error', () => {})
  stdout.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    process.exitCode = ExitCode.usage
    stderr.write(
      `error: cannot write to standard output: ${error.message}\nhint:  write it where there is room; what the command has done stays done\n`,
    )
  })
}
