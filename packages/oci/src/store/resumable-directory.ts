import { chmod, open, unlink } from 'node:fs/promises'
import type { Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../model/digest.ts'
import { Sequencer } from '../sequencer.ts'
import type { Content } from './content.ts'
import { goOn, verifiedRest } from './continuation.ts'
import { DirectoryContent } from './layout/layout-directory.ts'
import {
  blobPath,
  ingestPath,
  onDisk,
  readFrom,
  settleBlob,
  sizeOf,
  writeAll,
} from './layout/layout-files.ts'
import { digestOfStream } from './verify.ts'

/** The content of a layout for a save: stored blobs are hashed before they count, and an unfinished blob continues at its end. */
export class ResumableDirectory extends DirectoryContent {
  readonly #signal: AbortSignal | undefined
  readonly #writers = new Sequencer()
  readonly #sound = new Map<Digest, Promise<boolean>>()

  /** @param signal aborts the hashing of stored blobs */
  constructor(root: string, elsewhere: ReadonlySet<Digest>, signal?: AbortSignal) {
    super(root, elsewhere)
    this.#signal = signal
  }

  override async has(descriptor: Descriptor): Promise<boolean> {
    const { digest } = descriptor
    // Content that only the destination has cannot be hashed here.
    if ((await this.size(digest)) === undefined) return super.has(descriptor)
    const known = this.#sound.get(digest) ?? this.#check(digest)
    this.#sound.set(digest, known)
    return known
  }

  override async write(
    descriptor: Descriptor,
    content: Content,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { digest } = descriptor
    // Two writers of one blob would write the same bytes: the second one waits and finds them there.
    await this.#writers.run([digest], async () => {
      if (await this.has(descriptor)) return
      const path = ingestPath(this.location, `${digestAlgorithm(digest)}-${digestHex(digest)}`)
      await goOn(
        (await sizeOf(path)) ?? 0,
        () => this.#fill(path, descriptor, content, signal),
        () => unlink(path),
      )
      await settleBlob(path, this.location, digest)
      await onDisk(this.location, () => chmod(blobPath(this.location, digest), 0o444))
      this.#sound.set(digest, Promise.resolve(true))
    })
  }

  async #fill(
    path: string,
    descriptor: Descriptor,
    content: Content,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const file = await onDisk(path, () => open(path, 'a'))
    try {
      const { size } = await file.stat()
      const kept = { size, read: () => readFrom(path, 0, signal) }
      await writeAll(path, file, verifiedRest(kept, descriptor, content, signal), signal)
      await onDisk(path, () => file.sync())
    } finally {
      await file.close()
    }
  }

  /** Hashes a stored blob. A wrong one is deleted, so that it is fetched again. */
  async #check(digest: Digest): Promise<boolean> {
    const found = await digestOfStream(this.read(digest, 0, this.#signal), digestAlgorithm(digest))
    if (found === digest) return true
    await this.delete(digest)
    return false
  }
}
