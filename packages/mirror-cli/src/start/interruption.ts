import { ExitCode } from '../exit-codes.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Ends the process at once. Nothing has been opened before the command listens itself. */
function exitInterrupted(): void {
  process.exit(ExitCode.interrupted)
}

/**
 * Listens for signals before the rest of the program is loaded. As process 1 of a container, a process without a listener does not
 * hear SIGTERM at all, because the kernel has no default for it there.
 */
export function listenEarly(): void {
  for (const signal of SIGNALS) process.on(signal, exitInterrupted)
}

/** Hands the signals to a command. @returns a function that takes them back, for the time after the command */
export function listen(interrupt: () => void): () => void {
  const wasEarly = process.listeners('SIGTERM').includes(exitInterrupted)
  for (const signal of SIGNALS) process.on(signal, interrupt).off(signal, exitInterrupted)
  return () => {
    for (const signal of SIGNALS) {
      if (wasEarly) process.on(signal, exitInterrupted)
      process.off(signal, interrupt)
    }
  }
}
