import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { GpregError, isGpregError } from '../../errors.ts'
import { digestAlgorithm, digestHex, parseDigest, type Digest } from '../../model/digest.ts'
import type { ByteStream } from '../content.ts'

/** Bytes a read asks for at once. */
const READ_SIZE = 256 * 1024

/** What is written here is never visible as content. */
const INGEST = 'ingest'

/** An upload that nobody went on with for so long is given up, in milliseconds. */
const LEFTOVER_AGE = 24 * 60 * 60_000

/** Where a digest's bytes are. The digest has been checked, so it holds nothing that means something in a path. */
export function blobPath(root: string, digest: Digest): string {
  const checked = parseDigest(digest)
  return join(root, 'blobs', digestAlgorithm(checked), digestHex(checked))
}

/** Where what is on its way into a layout lies. */
export function ingestFolder(root: string): string {
  return join(root, INGEST)
}

/** An upload's file: it outlives its process, so that the upload can go on. */
export function ingestPath(root: string, id: string): string {
  return join(root, INGEST, id)
}

/** A file that is of no use to anybody but this process. */
export function temporaryPath(root: string): string {
  return join(root, INGEST, `${processMark()}${OWNER_END}${randomUUID()}`)
}

const OWNER_END = '~'

/** Host, process and its start: a process id alone comes back, after a restart in a container even at once. */
function processMark(pid = process.pid, start = Math.round(performance.timeOrigin)): string {
  return `${hostname()}~${pid}~${start}`
}

/** True where a temporary file's writer is known to be gone. Of other hosts nothing is known. */
function isOrphan(name: string): boolean {
  const [host, pid, start, rest] = name.split(OWNER_END)
  if (rest === undefined || host !== hostname()) return false
  if (Number(pid) === process.pid) return processMark(process.pid, Number(start)) !== processMark()
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Makes the folders of a layout and clears what dead writers left. */
export async function prepareFolders(root: string, now: number): Promise<void> {
  await onDisk(root, async () => {
    await mkdir(join(root, 'blobs', 'sha256'), { recursive: true })
    await mkdir(join(root, INGEST), { recursive: true })
    for (const name of await readdir(join(root, INGEST))) {
      const path = join(root, INGEST, name)
      if (isOrphan(name) || now - (await lstat(path)).mtimeMs > LEFTOVER_AGE) await unlink(path)
    }
  })
}

/** A layout may come from anywhere: links are not followed, and a pipe that nobody writes to is not waited for. */
const READ_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The index or the lock of a layout is never larger, in bytes: it is read whole. */
export const MAX_DOCUMENT = 64 * 1024 * 1024

/**
 * A document of a layout; undefined where there is none.
 * @throws `input-unreadable`, for a link or a pipe too
 */
export async function readDocument(path: string): Promise<string | undefined> {
  const refuse = (why: string, cause?: unknown) =>
    new GpregError('input-unreadable', `${path} cannot be read: ${why}`, { path, cause })
  try {
    await using file = await open(path, READ_FILE)
    const info = await file.stat()
    if (!info.isFile()) throw refuse('it is no file')
    if (info.size > MAX_DOCUMENT)
      throw refuse(`it has ${info.size} bytes, more than any document of a layout`)
    return await file.readFile('utf8')
  } catch (cause) {
    if (isGpregError(cause)) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw refuse(code === 'ELOOP' ? 'it is a symbolic link' : String(code), cause)
  }
}

/**
 * Bytes of a file from an offset.
 * @throws `not-found` for what is no file, and what the system throws
 */
export async function* readFrom(path: string, offset: number, signal: AbortSignal | undefined): ByteStream {
  const file = await open(path, READ_FILE)
  try {
    if (!(await file.stat()).isFile()) throw new GpregError('not-found', `${path} is no file`, { path })
    for (let position = offset; ;) {
      signal?.throwIfAborted()
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_SIZE), 0, READ_SIZE, position)
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** Whether there is anything under this name. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Size of a regular file; undefined where there is none. A link is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await lstat(path)
    return info.isFile() ? info.size : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw storageError(error, path)
  }
}

/** Appends a stream to an open file, whole chunks in order. Errors of the stream pass as they are, whatever their codes look like. */
export async function writeAll(
  root: string,
  file: FileHandle,
  bytes: ByteStream,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const chunk of bytes) {
    signal?.throwIfAborted()
    for (let done = 0; done < chunk.byteLength;) {
      const { bytesWritten } = await onDisk(root, () => file.write(chunk, done))
      done += bytesWritten
    }
  }
}

/** Puts a finished file in its place, durably: the bytes first, then the name. Who comes second finds the same bytes there. */
export async function settle(temporary: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Runs work on files, and on nothing else: what the disk refuses becomes a `storage` error. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageError(error, path)
  }
}

/** What the disk refused, as a typed error; anything else as it is. */
export function storageError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new GpregError('storage', full ? `the disk of ${path} is full` : `cannot use ${path} (${code})`, {
    path,
    cause: error,
    hint: full
      ? 'make room, then run the same command again: what is finished is kept'
      : 'check the path and its permissions',
  })
}
