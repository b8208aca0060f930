import type { UploadJournal } from './upload-journal.ts'

/** Uploads kept at once, because each holds memory. The largest blobs are sent first, so these are the largest. */
const MOST_KEPT = 4

/** The resources that all uploads of one run share: the journal, the memory for chunks, and the number of kept uploads. */
export class UploadResources {
  /** Records large uploads on disk, so that they outlive the process. Undefined if they need not. */
  readonly journal: UploadJournal | undefined
  readonly buffers = new BufferPool()
  #kept = 0

  constructor(journal?: UploadJournal) {
    this.journal = journal
  }

  get hasRoom(): boolean {
    return this.#kept < MOST_KEPT
  }

  /** Runs an upload that is kept: it counts until it ends. */
  async keeping(upload: () => Promise<void>): Promise<void> {
    this.#kept++
    try {
      await upload()
    } finally {
      this.#kept--
    }
  }
}

/** Memory of uploads that have ended, reused by the next ones. */
export class BufferPool {
  readonly #free: Buffer[] = []

  /**
   * A free buffer, or a new one of this size.
   * @param least bytes that the buffer must have
   * @param size bytes of a new buffer
   */
  take(least: number, size: number): Buffer {
    const free = this.#free.pop()
    return free !== undefined && free.byteLength >= least ? free : Buffer.allocUnsafeSlow(size)
  }

  give(buffers: readonly Buffer[]): void {
    this.#free.push(...buffers)
  }
}
