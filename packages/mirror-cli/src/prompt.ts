import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { GpregError } from '@gpreg/oci'

/** Asks a question on stderr, because stdout is for the answer of the command. */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  try {
    return (await terminal.question(question, { signal })).trim()
  } catch (cause) {
    throw interrupted(cause)
  } finally {
    terminal.close()
  }
}

/** Asks for a secret; the terminal does not show the input. */
export async function askHidden(question: string, signal: AbortSignal): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await terminal.question('', { signal })
  } catch (cause) {
    throw interrupted(cause)
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

/** Readline catches Ctrl-C, so its rejection counts as an interruption. */
function interrupted(cause: unknown): GpregError {
  return new GpregError('aborted', 'interrupted', { cause })
}
