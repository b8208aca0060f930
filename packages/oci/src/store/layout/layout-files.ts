import { constants } from 'node:fs'
import { lstat, open, rename, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeDirectory } from '../../machine/directory.ts'
import { GpregError, isGpregError, throwIfAborted } from '../../errors.ts'
import { digestAlgorithm, digestHex, parseDigest, type Digest } from '../../model/digest.ts'
import type { ByteStream } from '../content.ts'
import { damaged } from '../damage.ts'
import { recycle } from '../../machine/lent-memory.ts'
import { syncFolder } from '../../machine/output-file.ts'
import { writerMark } from '../../machine/writer.ts'
import { assertNoLink } from './layout-links.ts'

/** Bytes of one read. */
const READ_SIZE = 256 * 1024

/** Folder of unfinished files: they are never visible as content. */
const INGEST = 'ingest'

/** The file of a blob. The digest is checked, so it holds no special characters of paths. */
export function blobPath(root: string, digest: Digest): string {
  const checked = parseDigest(digest)
  return join(root, 'blobs', digestAlgorithm(checked), digestHex(checked))
}

/** The folder of unfinished files of a layout. */
export function ingestFolder(root: string): string {
  return join(root, INGEST)
}

/** The file of an upload. It outlives its process, so that the upload can continue. */
export function ingestPath(root: string, id: string): string {
  return join(root, INGEST, id)
}

/** A new path for a file that only this process needs. @throws `storage` if its folder is a link */
export async function temporaryPath(root: string): Promise<string> {
  await assertNoLink(root, INGEST)
  return join(root, INGEST, await writerMark())
}

/** Flags for reading an untrusted layout: links are not followed, and a pipe that nobody writes to does not block. */
const READ_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Bytes of a document (index, lock) at most, because it is read whole. */
export const MAX_DOCUMENT = 64 * 1024 * 1024

/** Bytes of an `index.json` at most: some fifty thousand names, which are read in a second. */
export const MAX_INDEX = 16 * 1024 * 1024

/**
 * Reads a document of a layout; undefined if it does not exist.
 * @param limit bytes
 * @throws `input-unreadable`, also for a link or a pipe
 */
export async function readDocument(path: string, limit = MAX_DOCUMENT): Promise<string | undefined> {
  const refuse = (why: string, cause?: unknown) =>
    new GpregError('input-unreadable', `${path} cannot be read: ${why}`, { path, cause })
  try {
    await using file = await open(path, READ_FILE)
    const info = await file.stat()
    if (!info.isFile()) throw refuse('it is no file')
    if (info.size > limit) throw refuse(`it has ${info.size} bytes, and at most ${limit} are read`)
    return await file.readFile('utf8')
  } catch (cause) {
    if (isGpregError(cause)) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw refuse(code === 'ELOOP' ? 'it is a symbolic link' : String(code), cause)
  }
}

/**
 * Reads a file from an offset.
 * @throws `not-found` if it is no regular file, and errors of the system
 */
export async function* readFrom(path: string, offset: number, signal: AbortSignal | undefined): ByteStream {
  const file = await open(path, READ_FILE)
  try {
    if (!(await file.stat()).isFile()) throw new GpregError('not-found', `${path} is no file`, { path })
    for (let position = offset; ;) {
      throwIfAborted(signal)
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_SIZE), 0, READ_SIZE, position)
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** Whether the path exists. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Size of a regular file; undefined if there is none. A link does not count. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await lstat(path)
    return info.isFile() ? info.size : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw storageError(error, path)
  }
}

/** Appends a stream to an open file. Errors of the stream are thrown unchanged, even with codes like those of the disk. */
export async function writeAll(
  root: string,
  file: FileHandle,
  bytes: ByteStream,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const chunk of bytes) {
    throwIfAborted(signal)
    for (let done = 0; done < chunk.byteLength;) {
      const { bytesWritten } = await onDisk(root, () => file.write(chunk, done))
      done += bytesWritten
    }
    recycle(chunk)
  }
}

/**
 * Moves a finished blob to its path. A second writer replaces it with the same bytes.
 * @throws `storage` if a folder of the path is a link
 */
export async function settleBlob(temporary: string, root: string, digest: Digest): Promise<void> {
  await assertNoLink(root, 'blobs', digestAlgorithm(digest))
  await onDisk(root, async () => {
    await makeDirectory(dirname(blobPath(root, digest)))
    await settle(temporary, blobPath(root, digest))
  })
}

/** Moves a finished file to its path, durably: the bytes first, then the name. */
export async function settle(temporary: string, path: string): Promise<void> {
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Runs work on files, and turns errors of the disk into `storage` errors. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageError(error, path)
  }
}

/** An error of the disk as a typed error; any other error unchanged. */
export function storageError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error
  const full = FULL.has(code)
  return new GpregError('storage', full ? `the disk of ${path} is full` : `cannot use ${path} (${code})`, {
    path,
    cause: error,
    hint: hintOf(code),
  })
}

/** What the user can do about an error code of the system. man 3 errno */
function hintOf(code: string): string {
  if (FULL.has(code)) return 'make room, then run the same command again: what is finished is kept'
  if (code === 'EFBIG') return 'its file system takes no file so large; a bundle is cut by --volume-size 4GB'
  if (BROKEN.has(code)) return 'its disk is broken there: name another disk, or copy the file to one again'
  return 'check the path and its permissions'
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** Codes for bytes that a disk or its file system cannot give back. */
const BROKEN: ReadonlySet<unknown> = new Set(['EIO', 'EBADMSG', 'EUCLEAN'])

/** An error of reading stored bytes: what a disk cannot give back is as damaged as what has changed. Any other as {@link storageError}. */
export function readError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  return BROKEN.has(code)
    ? damaged(`${path} cannot be read (${code})`, path, error)
    : storageError(error, path)
}
