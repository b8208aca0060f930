import { spawn, type ChildProcess } from 'node:child_process'
import { createReadStream, openSync, closeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { onPath } from '../support/tools.ts'
import type { LoggedRequest, Registry } from '../support/registry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { interrupted } from './interruption.ts'
import type { Cost, Sample } from './results.ts'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  /** path of a file for stdin */
  readonly stdin?: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * Runs a command under GNU time, because GNU time includes children. Node's own figures cover one process. The command has
 * a process group of its own, which an interruption kills as a whole: xargs does not end its children.
 */
export async function runMeasured({ command, args, stdin, env }: Command): Promise<Cost> {
  if (!onPath('time')) throw new Error('the benchmark needs GNU time: apt-get install time')
  interrupted.throwIfAborted()
  await using directory = await temporaryDirectory()
  const figures = directory.join('time')
  const input = openSync(stdin ?? '/dev/null', 'r')
  const log = openSync(directory.join('log'), 'w')
  const stolenBefore = await stolenSeconds()
  const started = performance.now()
  const child = spawn('time', ['-f', '%U %S %M', '-o', figures, command, ...args], {
    env,
    stdio: [input, log, log],
    detached: true,
  })
  const code = await endOf(child)
  const wall = (performance.now() - started) / 1000
  const stolen = (await stolenSeconds()) - stolenBefore
  closeSync(input)
  closeSync(log)
  interrupted.throwIfAborted()
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${await tail(directory.join('log'))}`)
  const [user, system, kilobytes] = (await readFile(figures, 'utf8'))
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .map(Number)
  return { wall, cpu: user! + system!, rss: kilobytes! * 1024, stolen }
}

/** Waits for the end of a process group. Kills it if the benchmark is interrupted. */
async function endOf(child: ChildProcess): Promise<number | null> {
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has just ended by itself.
    }
  }
  interrupted.addEventListener('abort', kill)
  process.on('exit', kill)
  try {
    return await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  } finally {
    interrupted.removeEventListener('abort', kill)
    process.off('exit', kill)
  }
}

/**
 * CPU seconds that the host gave to other guests since the machine started. The kernel counts them in hundredths of a
 * second: https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
 */
export async function stolenSeconds(): Promise<number> {
  const [, ...fields] = (await readFile('/proc/stat', 'utf8')).split('\n', 1)[0]!.split(/\s+/)
  return Number(fields[7]) / 100
}

/** Runs a command between two registries and counts their requests and bytes. */
export async function runBetween(source: Registry, target: Registry, command: Command): Promise<Sample> {
  const before = {
    source: source.requests().length,
    target: target.requests().length,
    written: await bytesWritten(target),
  }
  const cost = await runMeasured(command)
  const fromSource = (await readLog(source)).slice(before.source)
  const fromTarget = (await readLog(target)).slice(before.target)
  const blobs = fromSource.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))
  return {
    ...cost,
    requests: fromSource.length + fromTarget.length,
    read: blobs.reduce((total, { bytes }) => total + bytes, 0),
    written: (await bytesWritten(target)) - before.written,
  }
}

/**
 * Reads the log up to now. It sends a marker request, because all earlier requests stand before the marker in the log.
 */
async function readLog(registry: Registry): Promise<LoggedRequest[]> {
  const marker = `/v2/marker-${performance.now().toFixed(3).replace('.', '-')}/tags/list`
  await (await fetch(new URL(marker, registry.url))).text()
  for (;;) {
    const requests = registry.requests()
    const end = requests.findLastIndex(({ path }) => path === marker)
    if (end >= 0) return requests.slice(0, end)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** https://docs.kernel.org/filesystems/proc.html#proc-pid-io-display-the-io-accounting-fields */
async function bytesWritten({ pid }: Registry): Promise<number> {
  const [, bytes] = /^wchar: (\d+)/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))!
  return Number(bytes)
}

async function tail(file: string): Promise<string> {
  const chunks = await createReadStream(file).toArray()
  return Buffer.concat(chunks).toString().slice(-2000)
}
