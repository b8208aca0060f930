import { createHash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { onDisk } from '../layout/layout-files.ts'

/** Bytes that are hashed at once. */
const PIECE = 1024 * 1024

/** After so many bytes the disk is asked to take what was written, so that not all of it is left to the end. */
const SYNC_STEP = 64 * 1024 * 1024

export interface FinishedVolume {
  readonly size: number
  /** hex */
  readonly sha256: string
}

interface Volume {
  readonly path: string
  readonly file: FileHandle
  readonly start: number
  readonly size: number
  hash: Hash
  /** bytes from its start that are in the hash */
  hashed: number
}

/**
 * Files that an archive is written into, each byte at its place. They are hashed behind the writers, while what was written
 * is still in memory: nothing is read from the disk for it.
 */
export class VolumeFiles implements AsyncDisposable {
  readonly #volumes: Volume[] = []
  readonly #readyUntil: (position: number) => number
  readonly #buffer = Buffer.allocUnsafe(PIECE)
  #pumping: Promise<void> | undefined
  #syncing: Promise<void> | undefined
  #unsynced = 0
  #broken: unknown

  private constructor(readyUntil: (position: number) => number) {
    this.#readyUntil = readyUntil
  }

  /**
   * @param readyUntil the first byte from `position` on that is not written for good
   */
  static async open(
    volumes: readonly { readonly path: string; readonly size: number }[],
    readyUntil: (position: number) => number,
  ): Promise<VolumeFiles> {
    const files = new VolumeFiles(readyUntil)
    let start = 0
    try {
      for (const { path, size } of volumes) {
        const file = await onDisk(path, () => open(path, 'r+').catch(() => open(path, 'wx+')))
        files.#volumes.push({ path, file, start, size, hash: createHash('sha256'), hashed: 0 })
        start += size
      }
    } catch (error) {
      await files[Symbol.asyncDispose]()
      throw error
    }
    return files
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      const { volume, within, left } = this.#locate(position + done)
      const piece = bytes.subarray(done, done + left)
      const { bytesWritten } = await onDisk(volume.path, () =>
        volume.file.write(piece, 0, piece.length, within),
      )
      done += bytesWritten
      this.#unsynced += bytesWritten
      if (this.#unsynced >= SYNC_STEP) this.#sync(volume)
    }
  }

  /** Beside the writing; one at a time. What goes wrong shows in `finish`, which does it again. */
  #sync({ file }: Volume): void {
    this.#syncing ??= file
      .datasync()
      .catch(error => void (this.#broken ??= error))
      .finally(() => (this.#syncing = undefined))
    this.#unsynced = 0
  }

  /** Bytes that were written before, or fewer where a file ends. */
  async read(position: number, length: number): Promise<Buffer> {
    const { volume, within, left } = this.#locate(position)
    const buffer = Buffer.allocUnsafe(Math.min(length, left))
    const { bytesRead } = await onDisk(volume.path, () => volume.file.read(buffer, 0, buffer.length, within))
    return buffer.subarray(0, bytesRead)
  }

  /** Hashes what has become ready; one at a time. What goes wrong shows in `finish`. */
  pump(): void {
    this.#pumping ??= this.#hashReady()
      .catch(error => void (this.#broken ??= error))
      .finally(() => (this.#pumping = undefined))
  }

  /** Content from here on is written again: what was hashed of it does not count. */
  async rewind(position: number): Promise<void> {
    // Another writer may start the next one as soon as this one ends.
    while (this.#pumping !== undefined) await this.#pumping
    for (const volume of this.#volumes) {
      if (volume.start + volume.hashed <= position) continue
      volume.hash = createHash('sha256')
      volume.hashed = 0
    }
  }

  /** All that was written, hashed and on the disk. */
  async finish(): Promise<FinishedVolume[]> {
    await this.#pumping
    await this.#hashReady()
    if (this.#broken !== undefined) throw this.#broken
    for (const { path, file, size } of this.#volumes) {
      await onDisk(path, async () => {
        await file.truncate(size)
        await file.sync()
      })
    }
    return this.#volumes.map(({ size, hash }) => ({ size, sha256: hash.copy().digest('hex') }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pumping, this.#syncing])
    for (const { file } of this.#volumes) await file.close()
  }

  async #hashReady(): Promise<void> {
    for (const volume of this.#volumes) {
      while (volume.hashed < volume.size) {
        const from = volume.start + volume.hashed
        const ready = Math.min(this.#readyUntil(from), volume.start + volume.size) - from
        // Small pieces are left until there are more of them.
        if (ready <= 0 || (ready < PIECE && volume.hashed + ready < volume.size)) break
        const length = Math.min(ready, PIECE)
        const { bytesRead } = await onDisk(volume.path, () =>
          volume.file.read(this.#buffer, 0, length, volume.hashed),
        )
        // A place that nobody wrote to reads as zeros, as it does when the file has its full length.
        this.#buffer.fill(0, bytesRead, length)
        volume.hash.update(this.#buffer.subarray(0, length))
        volume.hashed += length
      }
    }
  }

  #locate(position: number): { volume: Volume; within: number; left: number } {
    const volume = this.#volumes.find(({ start, size }) => position < start + size)!
    const within = position - volume.start
    return { volume, within, left: volume.size - within }
  }
}
