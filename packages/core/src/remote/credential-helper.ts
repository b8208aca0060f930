import { execFile } from 'node:child_process'
import { z } from 'zod'
import { GpregError } from '../errors.ts'
import type { Credential } from './credentials.ts'

/** A helper may unlock a key ring, but it does not wait for a person. */
const HELPER_TIMEOUT = 30_000

const answer = z.object({ Username: z.string(), Secret: z.string() })

/**
 * Asks `docker-credential-NAME get` for a server. https://github.com/docker/docker-credential-helpers#development
 * @throws `unauthorized`, naming the helper, where it is missing, hangs or answers rubbish
 */
export async function askHelper(name: string, server: string): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`
  if (!/^[\w.-]+$/.test(name)) throw failure(program, 'is not a name of a program')
  const { error, stdout } = await run(program, ['get'], server)
  if (error !== undefined) {
    // The protocol has no code for "none": helpers say so in words, in stdout, and exit 1.
    if (/credentials not found/i.test(stdout)) return undefined
    throw failure(program, describe(error), error)
  }
  const parsed = answer.safeParse(readJson(stdout))
  if (!parsed.success)
    throw failure(program, `did not answer a JSON object with Username and Secret for ${server}`)
  const { Username: username, Secret: secret } = parsed.data
  return username === '<token>'
    ? { username, password: '', identityToken: secret }
    : { username, password: secret }
}

interface HelperError extends Error {
  readonly code?: string | number
  readonly killed?: boolean
}

function run(
  program: string,
  args: string[],
  input: string,
): Promise<{ error?: HelperError; stdout: string }> {
  return new Promise(resolve => {
    const options = { timeout: HELPER_TIMEOUT, killSignal: 'SIGKILL', maxBuffer: 1024 * 1024 } as const
    const child = execFile(program, args, options, (error, stdout) => {
      resolve({ stdout, ...(error === null ? {} : { error: error as HelperError }) })
    })
    // A helper that never reads its input must not bring us down with EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(`${server(input)}\n`)
  })
}

const server = (input: string): string => input.replace(/[\r\n]/g, '')

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describe(error: HelperError): string {
  if (error.code === 'ENOENT') return 'is not installed or not on PATH'
  if (error.killed) return `did not answer within ${HELPER_TIMEOUT / 1000} s`
  return `failed (exit ${String(error.code)})`
}

function failure(program: string, what: string, cause?: unknown): GpregError {
  return new GpregError('unauthorized', `the credential helper ${program} ${what}`, {
    cause,
    hint: `try it by hand: echo HOST | ${program} get; or name a file with credentials by --authfile`,
  })
}
