import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import type { GpregEvent } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { eventLine, type RunEvent } from './event-line.ts'

/** Characters that may wait for a slow reader, such as the other end of a FIFO. Beyond that the log ends, because it is held in memory. */
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

/** Exported for tests, which break the stream. */
export function eventLog(
  stream: Writable,
  { path, warn, isOwn }: { path: string; warn: (message: string) => void; isOwn: boolean },
): EventLog {
  let isBroken = false
  /** The lines that came while others were being written; written together, because a copy makes thousands a second. */
  let waiting = ''
  let writing: Promise<void> | undefined

  const giveUp = (reason: string) => {
    if (isBroken) return
    isBroken = true
    waiting = ''
    warn(`${path} cannot be written (${reason}): events are not noted any more, and the work goes on`)
  }
  // An error comes both here and to the callback of `write`.
  const onError = (error: NodeJS.ErrnoException) => giveUp(error.code ?? error.message)
  stream.on('error', onError)

  const writeWaiting = async () => {
    while (waiting !== '') {
      const lines = waiting
      waiting = ''
      await new Promise<void>(resolve => stream.write(lines, () => resolve()))
    }
    writing = undefined
  }
  return {
    write(event) {
      if (isBroken) return
      waiting += eventLine(event, new Date())
      if (waiting.length > MOST_WAITING) giveUp('its reader is too slow')
      else writing ??= writeWaiting()
    },
    async close() {
      if (!isBroken) await writing
      if (isOwn) stream.destroy()
      else stream.off('error', onError)
    },
  }
}
