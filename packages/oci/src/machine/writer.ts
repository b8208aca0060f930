import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isRunning } from './process.ts'

const SEPARATOR = '~'

/** The process behind a mark. */
export interface Writer {
  readonly pid: number
  /** `running` if the process still runs, `gone` if it exited or was killed, `elsewhere` if it is of another host or container. */
  readonly state: 'running' | 'gone' | 'elsewhere'
}

/**
 * A name for a file of this process: host, process id, start time, a random part, and the namespace of the process id. Others
 * tell by it whether the process still runs. The start time is needed because process ids are reused, after the restart of a
 * container even at once; the namespace, because containers may share a host name and count their processes apart.
 */
export async function writerMark(): Promise<string> {
  const [start, space] = await Promise.all([startOf(process.pid), ownSpace()])
  // Not of node:crypto, because loading that slows a short start, and the part only has to differ.
  const random = Math.random().toString(36).slice(2)
  return [hostname(), process.pid, start ?? OWN_START, random, space].join(SEPARATOR)
}

/** The writer that made a mark; undefined if the text is no mark. */
export async function writerOf(mark: string): Promise<Writer | undefined> {
  const [host, number = '', start, rest, space] = mark.split(SEPARATOR)
  const pid = Number(number)
  if (rest === undefined || !Number.isSafeInteger(pid) || pid <= 0) return undefined
  const isElsewhere = host !== hostname() || (space !== undefined && space !== (await ownSpace()))
  if (isElsewhere) return { pid, state: 'elsewhere' }
  if (!isRunning(pid)) return { pid, state: 'gone' }
  const current = (await startOf(pid)) ?? (pid === process.pid ? OWN_START : start)
  return { pid, state: start === current ? 'running' : 'gone' }
}

/** The process behind a mark, for messages: `process 42 on registry-0`. */
export function writerName(mark: string): string {
  const [host, pid] = mark.split(SEPARATOR)
  return `process ${pid} on ${host}`
}

/** Whether the mark is of a version that shows signs of life, see {@link Claim}. Older marks have no namespace. */
export function showsLife(mark: string): boolean {
  return mark.split(SEPARATOR).length > 4
}

/** The namespace that this process is counted in; `0` if the system has none. man 7 pid_namespaces */
async function ownSpace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '')
  return /\d+/.exec(link)?.[0] ?? '0'
}

/** Start of this process, for systems without /proc. */
const OWN_START = String(Math.round(performance.timeOrigin))

/** When a process started, in clock ticks of Linux; undefined if the system does not tell. man 5 proc_pid_stat */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is a file name in parentheses and may hold spaces.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}
