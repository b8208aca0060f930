import { startGpreg } from './gpreg.ts'
import type { RunningProcess } from './process.ts'

/** A running `gpreg serve` on a free port. */
export interface Serve extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly process: RunningProcess
}

export async function startServe(directory: string, ...flags: string[]): Promise<Serve> {
  const running = await startGpreg(['serve', directory, '--listen', '127.0.0.1:0', ...flags])
  const [, host] = await running.output(/(127\.0\.0\.1:[1-9]\d*)/)
  return { host: host!, process: running, [Symbol.asyncDispose]: () => running.stop() }
}
