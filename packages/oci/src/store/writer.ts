import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

const SEPARATOR = '~'

/** The process behind a mark. */
export interface Writer {
  readonly pid: number
  /** `running` if the process still runs, `gone` if it exited or was killed, `elsewhere` if it is of another host. */
  readonly state: 'running' | 'gone' | 'elsewhere'
}

/**
 * A name for a file of this process: host, process id, start time, and a random part. Others tell by it whether the process
 * still runs. The start time is needed because process ids are reused, after the restart of a container even at once.
 */
export async function writerMark(): Promise<string> {
  const start = await startOf(process.pid)
  return [hostname(), process.pid, start ?? OWN_START, randomUUID()].join(SEPARATOR)
}

/** The writer that made a mark; undefined if the text is no mark. */
export async function writerOf(mark: string): Promise<Writer | undefined> {
  const [host, number = '', start, rest] = mark.split(SEPARATOR)
  const pid = Number(number)
  if (rest === undefined || !Number.isSafeInteger(pid) || pid <= 0) return undefined
  if (host !== hostname()) return { pid, state: 'elsewhere' }
  if (!isRunning(pid)) return { pid, state: 'gone' }
  const current = (await startOf(pid)) ?? (pid === process.pid ? OWN_START : start)
  return { pid, state: start === current ? 'running' : 'gone' }
}

/** Start of this process, for systems without /proc. */
const OWN_START = String(Math.round(performance.timeOrigin))

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, but belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** When a process started, in clock ticks of Linux; undefined if the system does not tell. man 5 proc_pid_stat */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is a file name in parentheses and may hold spaces.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}
