import type { GpregEvent } from '@gpreg/core'
import { plain, type Paint } from '../text/paint.ts'
import { formatSeconds, formatTime } from '../text/units.ts'

/** The log line for an event on a non-TTY, or undefined if the event is not logged. */
export function renderEvent(
  event: GpregEvent,
  { verbose = false, paint = plain }: { verbose?: boolean; paint?: Paint } = {},
): string | undefined {
  switch (event.type) {
    case 'image.importing':
      return `the registry fetches ${event.image}`
    case 'image.copied':
      return `${paint('green', 'copied')} ${event.image}`
    case 'image.up-to-date':
      return `up to date ${event.image}`
    case 'image.failed':
      return `${paint('red', 'failed')} ${event.image}: ${event.error.message}`
    case 'referrer.failed':
      return `${paint('red', 'failed')} ${event.digest}, which refers to ${event.image}: ${event.error.message}`
    case 'image.verified':
      return `${paint(event.ok ? 'green' : 'red', event.status)} ${event.image}`
    case 'change.started':
      return `${event.action} ${event.resource}`
    case 'check.started':
      return verbose ? `try ${event.name}` : undefined
    case 'change.waiting':
      return verbose ? `waiting for ${event.resource}: ${event.state}` : undefined
    case 'warning':
      return `${paint('yellow', 'warning:')} ${event.message}`
    case 'quota.waiting':
      return `${paint('yellow', 'waiting:')} ${event.host} has no pulls left; asked again in ${formatSeconds(event.left / 1000)}`
    case 'host.waiting':
      return `${paint('yellow', 'waiting:')} ${event.host} asks for a pause until ${formatTime(event.until)} (${formatSeconds(event.left / 1000)}): ${event.reason}`
    case 'retry':
      return verbose
        ? `${event.operation} again in ${event.delay} ms (attempt ${event.attempt}): ${event.error.message}`
        : undefined
    default:
      return undefined
  }
}
