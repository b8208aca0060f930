import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { GpregError, isGpregError, parseReference, type Reference } from '@gpreg/oci'
import { decodeText, fileFault } from '@gpreg/oci/engine'

export const STDIN = '-'

/**
 * Reads a file that the user named, or standard input for `-`.
 * @throws `input-unreadable`
 */
export async function readInput(path: string, stdin: () => Promise<string>): Promise<string> {
  return path === STDIN ? withoutByteOrderMark(await stdin()) : readText(path)
}

/**
 * Reads a file that the user named, or standard input for `-`, as it is.
 * @throws `input-unreadable`
 */
export async function readInputBytes(path: string, stdin: () => Promise<Uint8Array>): Promise<Uint8Array> {
  return path === STDIN ? stdin() : reading(path, () => readFile(path))
}

/**
 * A text in UTF-8 or UTF-16, as it is or compressed by gzip.
 * @throws `input-unreadable`
 */
export async function readText(path: string): Promise<string> {
  return decodeText(await reading(path, async () => uncompressed(await readFile(path), path)))
}

/** Bytes of a compressed text at most: more than the lock of any release has, and few enough to keep in memory. */
const MAX_UNCOMPRESSED = 256 * 1024 * 1024

/** A large lock is compressed where it must fit into a ConfigMap (gpreg manifests). */
async function uncompressed(bytes: Buffer, path: string): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const { gunzip } = await import('node:zlib')
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNCOMPRESSED })
  } catch (cause) {
    throw invalidInput(
      path,
      undefined,
      'it begins as gzip does, and cannot be uncompressed',
      'send it again',
      cause,
    )
  }
}

/**
 * Parses JSON.
 * @param refuse makes the error. The reason quotes nothing of the text, as the error of `JSON.parse` does: the file may be a password
 *   that was named by mistake.
 */
export function parseJson(text: string, refuse: (why: string) => GpregError): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const { message } = cause as Error
    const [where] = /line \d+ column \d+/.exec(message) ?? []
    const end = /end of JSON input/.test(message)
      ? text.trim() === ''
        ? 'it is empty'
        : 'it ends too early'
      : undefined
    throw refuse(['not JSON', ...[end ?? where ?? []].flat()].join(': '))
  }
}

/** Runs work on a file, and turns errors of the operating system into `input-unreadable`. */
export async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  assertNoUrl(path)
  try {
    return await work()
  } catch (cause) {
    if (isGpregError(cause)) throw cause
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    const hint = HINTS[code] ?? 'check the path'
    throw new GpregError('input-unreadable', `${path}: ${fileFault(cause)}`, { path, hint, cause })
  }
}

/**
 * Refuses a URL in the place of a file. A login in it is not shown.
 * @throws `usage`
 */
export function assertNoUrl(path: string): void {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return
  const url = path.replace(/\/\/[^/]*@/, '//')
  throw new GpregError('usage', `${url} is a URL, and gpreg reads files`, { hint: 'download it first' })
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'check the path; relative paths start at the current directory',
  EISDIR: 'name a file in it',
  EACCES: 'run as a user who may read it',
}

/** `path:line`, or the path alone if no line is known. */
export function place(path: string, line?: number): string {
  const name = path === STDIN ? 'standard input' : path
  return line === undefined ? name : `${name}:${line}`
}

/** Makes an `input-invalid` error with its place. Lines count from 1. */
export function invalidInput(
  path: string,
  line: number | undefined,
  why: string,
  hint: string,
  cause?: unknown,
) {
  return new GpregError('input-invalid', `${place(path, line)}: ${why}`, { path, hint, cause })
}

/**
 * Parses a reference in an input.
 * @throws `reference-invalid`, with path and line
 */
export function referenceAt(text: string, path: string, line?: number): Reference {
  try {
    return parseReference(text)
  } catch (thrown) {
    if (!isGpregError(thrown)) throw thrown
    throw new GpregError(thrown.code, `${place(path, line)}: ${thrown.message}`, {
      ...thrown.subject,
      path,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
      cause: thrown,
    })
  }
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
