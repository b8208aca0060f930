import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runProcess, startProcess, type RunningProcess } from '../../process.ts'
import { whyMissing } from '../../tools.ts'

/** An imitation of AWS in Python: https://pypi.org/project/moto/. Flask and flask-cors make it a server. */
const PACKAGES = ['moto[s3]==5.2.5', 'flask', 'flask-cors']
const HOME = fileURLToPath(new URL('../../../../node_modules/.cache/gpreg-moto-5.2.5', import.meta.url))
const PYTHON = `${HOME}/bin/python3`
/** Written at the end, so that an installation that broke off is made anew. */
const MARK = `${HOME}/installed`

/**
 * Installs moto from PyPI into a virtual environment, which later runs find again.
 * @returns the Python that has it; undefined, with a line on stderr, if that is not possible. Under CI it throws instead.
 */
export async function installMoto(): Promise<string | undefined> {
  if (existsSync(MARK)) return PYTHON
  const reason = whyMissing('python3') ?? (await whyNotMade())
  if (reason === undefined) return PYTHON
  if (process.env['CI'] === 'true') throw new Error(`CI skips nothing, but there is no moto: ${reason}`)
  console.error(`e2e: there is no moto, so its journeys are skipped: ${reason}`)
  return undefined
}

async function whyNotMade(): Promise<string | undefined> {
  rmSync(HOME, { recursive: true, force: true })
  mkdirSync(HOME, { recursive: true })
  const made =
    (await whyFailed('python3', '-m', 'venv', HOME)) ??
    (await whyFailed(PYTHON, '-m', 'pip', 'install', '--quiet', '--no-input', '--no-compile', ...PACKAGES))
  if (made === undefined) writeFileSync(MARK, '')
  return made
}

async function whyFailed(program: string, ...args: readonly string[]): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await runProcess(program, args)
  return exitCode === 0 ? undefined : `${program} ${args.join(' ')}: ${stderr || stdout}`
}

/** An account in AWS, empty at the start. */
export interface Moto extends AsyncDisposable {
  /** http://127.0.0.1:port, of every service */
  readonly endpoint: string
}

/** @param python the Python that has moto */
export async function startMoto(python: string): Promise<Moto> {
  const running: RunningProcess = startProcess(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'])
  const [, endpoint] = await running.output(/Running on (http:\/\/127\.0\.0\.1:\d+)/)
  return { endpoint: endpoint!, [Symbol.asyncDispose]: running.stop }
}
