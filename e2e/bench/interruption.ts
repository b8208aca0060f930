const interruption = new AbortController()

/**
 * Aborted by the first SIGINT or SIGTERM. Measurements then end at once, and their servers and directories go, because
 * errors pass through `await using`. A second signal ends the process, which kills its children.
 */
export const interrupted: AbortSignal = interruption.signal

export function listenForInterruption(): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interrupted.aborted) process.exit(130)
      console.error('\ninterrupted: servers are stopped; once more ends at once')
      interruption.abort(new Error('interrupted'))
    })
  }
}
