import { fileURLToPath } from 'node:url'
import { runProcess, startProcess, type RunningProcess } from './process.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** Path of the built command, to be run by Node. */
export const GPREG = fileURLToPath(new URL('../../packages/mirror-cli/bin/run.js', import.meta.url))

/**
 * Shared cache of compiled code. Without it, each of several hundred runs would write 3 MB into its own home directory.
 */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

export interface GpregOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: string
}

export interface GpregRun {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** Parses stdout as the one document that `--json` prints. */
  json<T = any>(): T // eslint-disable-line @typescript-eslint/no-explicit-any -- each test says what it looks at
}

/** Runs the built command to its end, without the environment of the machine's user. */
export async function gpreg(args: readonly string[], options: GpregOptions = {}): Promise<GpregRun> {
  await using home = await temporaryDirectory()
  const { exitCode, stdout, stderr } = await runProcess(process.execPath, [GPREG, ...args], {
    ...options,
    env: isolatedEnvironment(home.path, options.env),
  })
  return {
    exitCode,
    stdout,
    stderr,
    json() {
      try {
        return JSON.parse(stdout)
      } catch {
        throw new Error(`gpreg ${args.join(' ')} (exit ${exitCode}) printed no JSON:\n${stdout}\n${stderr}`)
      }
    },
  }
}

/** Starts the built command and leaves it running. */
export async function startGpreg(
  args: readonly string[],
  options: GpregOptions = {},
): Promise<RunningProcess> {
  const home = await temporaryDirectory()
  const running = startProcess(process.execPath, [GPREG, ...args], {
    ...options,
    env: isolatedEnvironment(home.path, options.env),
  })
  void running.exited.finally(() => home[Symbol.asyncDispose]())
  return running
}

export function isolatedEnvironment(
  home: string,
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CACHE_HOME: CACHE,
    XDG_RUNTIME_DIR: home,
    TMPDIR: home,
    NO_COLOR: '1',
    ...extra,
  }
}
