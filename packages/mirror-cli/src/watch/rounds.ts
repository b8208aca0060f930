import type { Context } from '@gpreg/core'
import type { GpregError } from '@gpreg/oci'
import { toGpregError } from '@gpreg/oci/engine'
import { ExitCode, exitCodeOf } from '../exit-codes.ts'

/** A round that has ended. */
export interface Round<T> {
  /** from 1 */
  readonly number: number
  /** absent if the round failed as a whole */
  readonly result?: T
  readonly error?: GpregError
  /** the exit code of a command that did only this round */
  readonly exitCode: ExitCode
  /** rounds in a row that did not end with 0, this one included */
  readonly failures: number
  /** milliseconds until the next round */
  readonly wait: number
}

export interface RoundsOptions<T> {
  /** milliseconds between the end of a round and the next one */
  readonly interval: number
  run(number: number): Promise<T>
  exitCodeOf(result: T): ExitCode
  /** Called after each round, before the wait. */
  report(round: Round<T>): Promise<void> | void
}

/** Milliseconds before the first new try after a failed round. */
const FIRST_RETRY = 60_000

/** Milliseconds between two tries that nothing makes longer than a longer interval. */
const LONGEST_RETRY = 15 * 60_000

/** A wait is longer or shorter by at most this part of it, so that many processes do not ask a registry at the same second. */
const SPREAD = 0.1

/** Node cannot wait longer at once. */
const LONGEST_SLEEP = 2 ** 31 - 1

/**
 * Runs rounds until the context is aborted. A round that fails does not end them, but for two cases: mistakes of the command line
 * and of inputs in the first round, because these do not go away, and bugs.
 * @returns the exit code of the last round that ended; 130 if none did
 * @throws the error of the first round, if it is of exit code 2; a `bug` of any round
 */
export async function runRounds<T>(options: RoundsOptions<T>, context: Context): Promise<ExitCode> {
  let last: Round<T> | undefined
  for (let number = 1; ; number++) {
    const ended = await runRound(number, options, context)
    if (ended === undefined) break
    const failures = ended.exitCode === ExitCode.done ? 0 : (last?.failures ?? 0) + 1
    last = { number, ...ended, failures, wait: waitAfter(failures, options.interval, context.random()) }
    await options.report(last)
    if (!(await sleep(last.wait, context))) break
  }
  return last?.exitCode ?? ExitCode.interrupted
}

/** @returns undefined if the round was interrupted */
async function runRound<T>(
  number: number,
  options: RoundsOptions<T>,
  { signal }: Context,
): Promise<Pick<Round<T>, 'result' | 'error' | 'exitCode'> | undefined> {
  try {
    const result = await options.run(number)
    return { result, exitCode: options.exitCodeOf(result) }
  } catch (thrown) {
    const error = toGpregError(thrown)
    if (signal.aborted) return undefined
    const exitCode = exitCodeOf(error.code)
    if (exitCode === ExitCode.bug || (number === 1 && exitCode === ExitCode.usage)) throw error
    return { error, exitCode }
  }
}

/**
 * Milliseconds until the next round. After a failure the next try comes sooner than the interval says, if that is long, and then
 * later each time.
 * @param failures in a row
 * @param random 0 ≤ x < 1
 */
export function waitAfter(failures: number, interval: number, random: number): number {
  const first = Math.min(interval, FIRST_RETRY)
  const longest = Math.max(interval, LONGEST_RETRY)
  const wait = failures === 0 ? interval : Math.min(first * 2 ** (failures - 1), longest)
  return Math.round(wait * (1 + SPREAD * (2 * random - 1)))
}

/** @returns false if the wait was interrupted */
async function sleep(milliseconds: number, { sleep, signal }: Context): Promise<boolean> {
  try {
    for (let left = milliseconds; left > 0; left -= LONGEST_SLEEP)
      await sleep(Math.min(left, LONGEST_SLEEP), signal)
    return !signal.aborted
  } catch {
    return false
  }
}
