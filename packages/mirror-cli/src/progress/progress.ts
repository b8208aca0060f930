import type { Context, GpregEvent } from '@gpreg/core'
import { paintFor } from '../render/text/paint.ts'
import { frame } from '../render/progress/frame.ts'
import { renderEvent } from '../render/progress/line.ts'
import { createProgressState, record, sample } from '../render/progress/state.ts'
import { summarise, tally } from '../render/progress/summary.ts'
import { Repetition } from './repetition.ts'

const FRAME_MS = 100
const HEARTBEAT_MS = 30_000

export interface Progress {
  readonly emit: Context['emit']
  /** Removes the display, so that only the answer stays on the terminal. */
  stop(): void
  /** Begins anew after `stop`, for the next round of the same command. */
  restart(): void
  /** What was copied and what is left; undefined if nothing was planned. */
  tally(): string | undefined
}

export interface ProgressOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  /** Leaves out the lines of images that were up to date. */
  readonly onlyNews?: boolean
  /** default: standard error */
  readonly stream?: NodeJS.WriteStream
  /** default: that of the process */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Shows events on standard error: a live display on a terminal, otherwise one line for each image and a summary every 30 s. */
export async function startProgress({
  quiet,
  verbose,
  onlyNews = false,
  stream = process.stderr,
  env = process.env,
}: ProgressOptions): Promise<Progress> {
  if (quiet) return { emit: () => {}, stop: () => {}, restart: () => {}, tally: () => undefined }
  let state = createProgressState()
  const paint = paintFor(stream)
  const repetition = new Repetition()
  // Imported only for a terminal, so that scripts start sooner.
  const display = isLive(stream, env) ? new (await import('./display.ts')).Display(stream, env) : undefined
  const write = (line: string) => (display === undefined ? stream.write(`${line}\n`) : display.write(line))

  const beat = () => {
    const now = Date.now()
    sample(state, now)
    if (display !== undefined) display.draw(size => frame(state, now, size))
    else write(summarise(state, now))
  }
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  return {
    emit(event) {
      if (stopped) return
      record(state, event)
      if (timer === undefined && event.type !== 'warning') {
        // Started by the first event that is no warning: commands without events show nothing, and a server only warns.
        sample(state, Date.now())
        timer = setInterval(beat, display === undefined ? HEARTBEAT_MS : FRAME_MS).unref()
      }
      const line = renderEvent(event, { verbose, paint })
      // A server only warns, and may do so for months: its warnings are not counted as one kind.
      const isFolding = !verbose && timer !== undefined
      if (line === undefined || !repetition.tells(event, line, isFolding)) return
      // On a terminal the display counts the images that went well, and only problems get a line that stays.
      if (onlyNews && !verbose && event.type === 'image.up-to-date') return
      if (display === undefined || !isRoutine(event)) write(line)
    },
    stop() {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      display?.end()
      const rest = repetition.rest()
      if (rest !== undefined) stream.write(`${paint('yellow', 'warning:')} ${rest}\n`)
    },
    restart() {
      state = createProgressState()
      repetition.next()
      timer = undefined
      stopped = false
    },
    tally: () => tally(state),
  }
}

function isRoutine(event: GpregEvent): boolean {
  const { type } = event
  return type === 'image.copied' || type === 'image.up-to-date' || (type === 'image.verified' && event.ok)
}

/**
 * False for CI, whose logs keep every redrawn line, for a terminal without a size, and for one without a movable cursor: these get
 * plain lines.
 */
function isLive(stream: NodeJS.WriteStream, { CI, TERM }: NonNullable<ProgressOptions['env']>): boolean {
  const isCi = CI !== undefined && !/^(|0|false)$/i.test(CI)
  return stream.isTTY && stream.columns > 0 && TERM !== 'dumb' && !isCi
}
