import { lstat, open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GpregError, throwIfAborted } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, isDigest, type Digest } from '../../model/digest.ts'
import type { ByteStream, Content } from '../content.ts'
import type { WritableContent } from './layout-content.ts'
import {
  blobPath,
  onDisk,
  readFrom,
  settleBlob,
  sizeOf,
  storageError,
  temporaryPath,
  writeAll,
} from './layout-files.ts'
import { hasLink } from './layout-links.ts'
import { openUnverified } from '../stored-content.ts'
import { verified } from '../verify.ts'

/** Milliseconds within which a file system may give two changes the same time; FAT counts in steps of two seconds. */
const SAME_TIME = 3_000

/** The content of a layout in a directory: one file for each digest. */
export class DirectoryContent implements WritableContent {
  readonly location: string
  readonly #elsewhere: ReadonlySet<Digest>

  /** @param elsewhere content that is left out, because the destination of the layout is known to have it */
  constructor(root: string, elsewhere: ReadonlySet<Digest> = new Set()) {
    this.location = root
    this.#elsewhere = elsewhere
  }

  async has({ digest, size }: Descriptor): Promise<boolean> {
    return this.#elsewhere.has(digest) || (await this.size(digest)) === size
  }

  async size(digest: Digest): Promise<number | undefined> {
    return (await this.#isLinked(digest)) ? undefined : sizeOf(blobPath(this.location, digest))
  }

  async *read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream {
    if (await this.#isLinked(digest)) throw this.#notFound(digest)
    const path = blobPath(this.location, digest)
    try {
      yield* readFrom(path, offset, signal)
    } catch (error) {
      // A link does not count as content.
      if (['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw this.#notFound(digest)
      throw storageError(error, path)
    }
  }

  async *digests(): AsyncGenerator<Digest> {
    for (const algorithm of ['sha256', 'sha512']) {
      if (await hasLink(this.location, 'blobs', algorithm)) continue
      for (const name of await namesIn(join(this.location, 'blobs', algorithm))) {
        const digest = `${algorithm}:${name}`
        if (isDigest(digest)) yield digest
      }
    }
  }

  /** The times of the folders of blobs: they change when a blob comes or goes. Undefined if they may change again unnoticed. */
  async version(): Promise<string | undefined> {
    const folders = ['sha256', 'sha512'].map(algorithm => join(this.location, 'blobs', algorithm))
    const times = await Promise.all(
      folders.map(folder =>
        lstat(folder).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
    )
    // Two changes within a few milliseconds have the same time.
    return times.some(time => Math.abs(Date.now() - time) < SAME_TIME) ? undefined : times.join(' ')
  }

  /** Writes to a temporary file, checks the bytes on the way, then renames the file to its digest. */
  async write(descriptor: Descriptor, content: Content, signal: AbortSignal | undefined): Promise<void> {
    const temporary = await temporaryPath(this.location)
    const file = await onDisk(this.location, () => open(temporary, 'wx', 0o444))
    try {
      try {
        const bytes = verified(openUnverified(content, { offset: 0, signal }), descriptor)
        await writeAll(this.location, file, bytes, signal)
        throwIfAborted(signal)
        await onDisk(this.location, () => file.sync())
      } finally {
        await file.close()
      }
      await settleBlob(temporary, this.location, descriptor.digest)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
  }

  async delete(digest: Digest): Promise<void> {
    await onDisk(this.location, () => unlink(blobPath(this.location, digest)))
  }

  #isLinked(digest: Digest): Promise<boolean> {
    return hasLink(this.location, 'blobs', digestAlgorithm(digest))
  }

  #notFound(digest: Digest): GpregError {
    return new GpregError('not-found', `${digest} is not in ${this.location}`, {
      digest,
      path: this.location,
    })
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return onDisk(folder, async () => {
    try {
      return await readdir(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
}
