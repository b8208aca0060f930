import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { toGpregError, writeOutputFile, type Traffic } from '@gpreg/oci/engine'
import { ExitCode, exitCodeOf } from '../exit-codes.ts'
import { assertWritable } from '../output-file.ts'
import { formatExposition } from './exposition.ts'
import { families, type RunFacts } from './families.ts'
import type { Summary } from './summary.ts'

export interface MetricsOptions<T> {
  /** the command, as names of metrics have it */
  readonly command: 'mirror' | 'verify'
  readonly version: string
  /** the registry that `--to` names */
  readonly target: string | undefined
  summarise(result: T): Summary
  /** The requests of the process so far; undefined before registries were opened. */
  traffic(): Traffic | undefined
  /** Aborted when the command is interrupted. */
  readonly signal: AbortSignal
  warn(message: string): void
}

/** Runs work, and leaves a record of it. */
export interface Measure<T> {
  measure(work: () => Promise<T>): Promise<T>
}

/** The collector of node_exporter runs as another user. */
const MODE = 0o644

/**
 * Opens the file of `--metrics`, which each run writes anew.
 * @throws `usage` for standard output, `storage` if no file can be made there
 */
export async function openMetrics<T>(path: string, options: MetricsOptions<T>): Promise<Measure<T>> {
  await assertWritable(path, '--metrics')
  return new RunMetrics(path, await lastSuccessIn(path, options.command), options)
}

/** Writes the metrics of each run, or of each round of a watch. */
class RunMetrics<T> implements Measure<T> {
  readonly #path: string
  readonly #options: MetricsOptions<T>
  readonly #counts = { success: 0, failure: 0, sent: 0 }
  #lastSuccess: number | undefined

  constructor(path: string, lastSuccess: number | undefined, options: MetricsOptions<T>) {
    this.#path = path
    this.#lastSuccess = lastSuccess
    this.#options = options
  }

  /** Work that is interrupted leaves the record of the work before. */
  async measure(work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const seconds = () => (performance.now() - start) / 1000
    try {
      const result = await work()
      const summary = this.#options.summarise(result)
      await this.#write({ ...summary, seconds: seconds() })
      return result
    } catch (thrown) {
      const { code } = toGpregError(thrown)
      if (!this.#options.signal.aborted)
        await this.#write({ exitCode: exitCodeOf(code), failures: [code], seconds: seconds() })
      throw thrown
    }
  }

  async #write(run: Pick<RunFacts, 'exitCode' | 'failures' | 'images' | 'bytes' | 'seconds'>): Promise<void> {
    const { command, version, target, traffic, warn } = this.#options
    const finished = Date.now() / 1000
    if (run.exitCode === ExitCode.done) this.#lastSuccess = finished
    this.#counts[run.exitCode === ExitCode.done ? 'success' : 'failure']++
    this.#counts.sent += run.bytes?.sent ?? 0
    const facts: RunFacts = {
      ...run,
      name: basename(this.#path).replace(/\.prom$/, ''),
      command,
      version,
      target,
      finished,
      lastSuccess: this.#lastSuccess,
      counts: this.#counts,
      traffic: traffic(),
    }
    try {
      await writeOutputFile(this.#path, formatExposition(families(facts)), MODE, false)
    } catch (error) {
      warn(`${toGpregError(error).message}; the metrics of this run are lost`)
    }
  }
}

/** The moment of the last success, from the file that an earlier run wrote: a run that fails must not make that unknown. */
async function lastSuccessIn(path: string, command: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const sample = new RegExp(`^gpreg_${command}_last_success_timestamp_seconds(?:\\{.*\\})? (\\S+)`, 'm')
  const value = Number(sample.exec(text)?.[1])
  return Number.isFinite(value) ? value : undefined
}
