import { execFile } from 'node:child_process'
import { z } from 'zod'
import { GpregError, throwIfAborted } from '../../errors.ts'
import type { Credential } from './credential.ts'

/** Milliseconds for a helper to answer: enough to unlock a key ring, too few to wait for a person. */
const HELPER_TIMEOUT = 30_000

const answer = z.object({ Username: z.string(), Secret: z.string() })

/**
 * Asks `docker-credential-NAME get` for a server. https://github.com/docker/docker-credential-helpers#development
 * @param signal stops the helper
 * @throws `unauthorized` with the helper's name if the helper is missing, hangs or answers no JSON; `aborted`
 */
export async function askHelper(
  name: string,
  server: string,
  patience = HELPER_TIMEOUT,
  signal?: AbortSignal,
): Promise<Credential | undefined> {
  const stdout = await run(name, 'get', server, Math.min(patience, HELPER_TIMEOUT), signal)
  if (stdout === undefined) return undefined
  const parsed = answer.safeParse(readJson(stdout))
  if (!parsed.success)
    throw failure(
      programOf(name),
      'get',
      `did not answer a JSON object with Username and Secret for ${server}`,
    )
  const { Username: username, Secret: secret } = parsed.data
  return username === TOKEN
    ? { username, password: '', identityToken: secret }
    : { username, password: secret }
}

/** Gives a credential to a helper to keep. @throws as {@link askHelper} */
export async function storeWithHelper(name: string, server: string, credential: Credential): Promise<void> {
  const { username, password } = credential
  await run(name, 'store', JSON.stringify({ ServerURL: server, Username: username, Secret: password }))
}

/** False if the helper kept no credential for the server. @throws as {@link askHelper} */
export async function eraseWithHelper(name: string, server: string): Promise<boolean> {
  if ((await askHelper(name, server)) === undefined) return false
  return (await run(name, 'erase', server)) !== undefined
}

/** The user name under which helpers keep an identity token. */
const TOKEN = '<token>'

type Action = 'get' | 'store' | 'erase'

/** Runs a helper and returns its output; undefined if it knows no such credential. */
async function run(
  name: string,
  action: Action,
  input: string,
  timeout = HELPER_TIMEOUT,
  signal?: AbortSignal,
): Promise<string | undefined> {
  throwIfAborted(signal)
  const program = programOf(name)
  if (!/^[\w.-]+$/.test(name)) throw failure(program, action, 'is not a name of a program')
  const { error, stdout } = await execute(program, action, input, timeout, signal)
  if (error === undefined) return stdout
  throwIfAborted(signal)
  // The protocol has no code for "none": helpers say so in words, in stdout, and exit 1.
  if (/credentials not found/i.test(stdout)) return undefined
  throw failure(program, action, describe(error, timeout), error)
}

function programOf(name: string): string {
  return `docker-credential-${name}`
}

interface HelperError extends Error {
  readonly code?: string | number
  readonly killed?: boolean
}

function execute(
  program: string,
  action: Action,
  input: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<{ error?: HelperError; stdout: string }> {
  return new Promise(resolve => {
    const options = { timeout, signal, killSignal: 'SIGKILL', maxBuffer: 1024 * 1024 } as const
    const child = execFile(program, [action], options, (error, stdout) => {
      resolve({ stdout, ...(error === null ? {} : { error: error as HelperError }) })
    })
    // A helper that never reads its input must not end this process with EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(`${input.replace(/[\r\n]/g, '')}\n`)
  })
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describe(error: HelperError, timeout: number): string {
  if (error.code === 'ENOENT') return 'is not installed or not on PATH'
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'answered more than a credential can be'
  if (error.killed) return `did not answer within ${timeout / 1000} s`
  return `failed (exit ${String(error.code)})`
}

function failure(program: string, action: Action, what: string, cause?: unknown): GpregError {
  return new GpregError('unauthorized', `the credential helper ${program} ${what}`, {
    // The error of `store` may hold the password, which was the helper's input.
    ...(action === 'store' ? {} : { cause }),
    hint: `try it by hand: echo HOST | ${program} get; or name a file with credentials by --authfile`,
  })
}
