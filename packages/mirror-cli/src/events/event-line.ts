import type { GpregEvent } from '@gpreg/core'

/** What `--events` notes of the run itself: its first and its last line, and those around each round of a watch. */
export type RunEvent =
  | { readonly type: 'run.started'; readonly command: string; readonly version: string }
  | { readonly type: 'run.ended'; readonly exitCode: number }
  | { readonly type: 'round.started'; readonly round: number }
  | {
      readonly type: 'round.ended'
      readonly round: number
      readonly exitCode: number
      /** milliseconds until the next round */
      readonly wait: number
    }

/**
 * An event as a line of NDJSON: `time` (ISO 8601, UTC) and `type` first, then the fields of the event.
 * An error is written as `--json` writes it: its causes, which may quote whole answers of a server, are left out.
 */
export function eventLine({ type, ...fields }: GpregEvent | RunEvent, time: Date): string {
  return `${JSON.stringify({ time: time.toISOString(), type, ...fields })}\n`
}
