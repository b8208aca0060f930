import { spawn, type ChildProcess } from 'node:child_process'

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly stdin?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program that the test started. The test ends it by its process id. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number
  readonly exited: Promise<Exit>
  stdout(): string
  stderr(): string
  /** Waits until stdout or stderr matches the pattern. Rejects if the program ends first. */
  output(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  /** Sends SIGTERM, and SIGKILL if the program does not end. Resolves when it has ended. */
  stop(): Promise<void>
}

const PATIENCE = 10_000

/** All running programs. They are killed when the test process ends, even if a test fails. */
const alive = new Set<ChildProcess>()
process.on('exit', () => alive.forEach(child => child.kill('SIGKILL')))

export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  })
  child.stdin.on('error', () => {}).end(options.stdin ?? '')
  const text = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
  const exited = waitForExit(child)
  alive.add(child)
  exited.catch(() => {}).finally(() => alive.delete(child))

  const output = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text.stderr) ?? pattern.exec(text.stdout)
        if (!match) return
        child.stdout.off('data', look)
        child.stderr.off('data', look)
        resolve(match)
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      look()
      const ended = () =>
        reject(new Error(`${command} ended without ${pattern}:\n${text.stderr || text.stdout}`))
      exited.then(ended, reject)
    })

  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    await exited.finally(() => clearTimeout(timer))
  }

  return {
    pid: child.pid ?? -1,
    exited,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    output,
    signal: name => void child.kill(name),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Runs a program to its end and returns its output and exit code. */
export async function runProcess(command: string, args: readonly string[], options: ProcessOptions = {}) {
  const running = startProcess(command, args, options)
  const { code, signal } = await running.exited
  return { exitCode: code, signal, stdout: running.stdout(), stderr: running.stderr() }
}

/** Runs a program that must succeed and returns its stdout. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<string> {
  const { exitCode, signal, stdout, stderr } = await runProcess(command, args, options)
  if (exitCode === 0) return stdout
  throw new Error(`${command} ${args.join(' ')} ended with ${exitCode ?? signal}:\n${stderr || stdout}`)
}

function waitForExit(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    // The event is 'close', not 'exit': after 'close' all output has been read.
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}
