import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import type { GpregEvent } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { eventLine, type RunEvent } from './event-line.ts'

/** Bytes that may wait for a slow reader, such as the other end of a FIFO. Beyond that the log ends, because it is held in memory. */
const MOST_WAITING = 64 * 1024 * 1024

/** The file of `--events`. */
export interface EventLog {
  /** Writes one line. Never throws and never waits: a log that cannot be written is no reason to end a copy. */
  write(event: GpregEvent | RunEvent): void
  /** Resolves when every line is written. */
  close(): Promise<void>
}

/** Streams that are open already. A path of /dev would open them once more, which the system refuses for sockets. */
const STANDARD: Readonly<Record<string, () => Writable>> = {
  '/dev/stderr': () => process.stderr,
  '/dev/stdout': () => process.stdout,
}

/**
 * Opens the file of `--events`. Lines are added at its end, so that the log of an interrupted run stays when the same command runs
 * again; also a FIFO or a device may be named.
 * @param warn called once if the file cannot be written any more
 * @throws `usage`, `storage`
 */
export async function openEventLog(path: string, warn: (message: string) => void): Promise<EventLog> {
  if (path === '-')
    throw new GpregError('usage', '--events - is not a file', {
      hint: 'name a file; stdout has the answer, and --events /dev/stderr --quiet writes events on stderr',
    })
  const standard = STANDARD[path]
  return eventLog(standard?.() ?? (await openFile(path)), { path, warn, isOwn: standard === undefined })
}

async function openFile(path: string): Promise<Writable> {
  const stream = createWriteStream(path, { flags: 'a' })
  try {
    await once(stream, 'open')
    return stream
  } catch (cause) {
    throw new GpregError('storage', `cannot write to ${path}: ${(cause as Error).message}`, {
      path,
      cause,
      hint: 'name a file that can be written, in a directory that is there: --events FILE',
    })
  }
}

/** @param stream exported for tests, which break it */
export function eventLog(
  stream: Writable,
  { path, warn, isOwn }: { path: string; warn: (message: string) => void; isOwn: boolean },
): EventLog {
  let broken = false
  const give = (reason: string) => {
    if (broken) return
    broken = true
    warn(`${path} cannot be written (${reason}): events are not noted any more, and the work goes on`)
  }
  const onError = (error: NodeJS.ErrnoException) => give(error.code ?? error.message)
  stream.on('error', onError)
  return {
    write(event) {
      if (broken) return
      if (stream.writableLength > MOST_WAITING) return give('its reader is too slow')
      stream.write(eventLine(event, new Date()))
    },
    async close() {
      if (!broken)
        await new Promise<void>(resolve => {
          // An error of the last lines comes here and as an event; the event has told it.
          if (isOwn) stream.end(() => resolve())
          else stream.write('', () => resolve())
        })
      if (isOwn) stream.destroy()
      else stream.off('error', onError)
    },
  }
}
