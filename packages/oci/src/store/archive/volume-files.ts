import { createHash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { GpregError } from '../../errors.ts'
import { onDisk } from '../layout/layout-files.ts'

/** Bytes hashed at once. */
const PIECE = 1024 * 1024

/** Bytes after which a volume is synced, so that not all of the syncing is left to the end. */
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
  /** bytes from the start that are hashed */
  hashed: number
}

/**
 * The volumes of an archive that is being written at several offsets at once. They are hashed soon after they are written, while
 * the bytes are still in the page cache, so that the disk is not read for it.
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
   * @param readyUntil the first byte from `position` on that may still change
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

  /** Syncs a volume while writing goes on, one at a time. `finish` throws its errors. */
  #sync({ file }: Volume): void {
    this.#syncing ??= file
      .datasync()
      .catch(error => void (this.#broken ??= error))
      .finally(() => (this.#syncing = undefined))
    this.#unsynced = 0
  }

  /** Reads bytes that were written; fewer at the end of a file. */
  async read(position: number, length: number): Promise<Buffer> {
    const { volume, within, left } = this.#locate(position)
    const buffer = Buffer.allocUnsafe(Math.min(length, left))
    const { bytesRead } = await onDisk(volume.path, () => volume.file.read(buffer, 0, buffer.length, within))
    return buffer.subarray(0, bytesRead)
  }

  /** Hashes bytes that no longer change, one run at a time. `finish` throws its errors. */
  pump(): void {
    this.#pumping ??= this.#hashReady()
      .catch(error => void (this.#broken ??= error))
      .finally(() => (this.#pumping = undefined))
  }

  /** Discards the hash of volumes that go beyond this position, because their bytes are written again. */
  async rewind(position: number): Promise<void> {
    // Another writer may start the next run as soon as this one ends.
    while (this.#pumping !== undefined) await this.#pumping
    for (const volume of this.#volumes) {
      if (volume.start + volume.hashed <= position) continue
      volume.hash = createHash('sha256')
      volume.hashed = 0
    }
  }

  /** Hashes the rest and syncs all volumes. */
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
        // Small pieces wait until there is more to hash.
        if (ready <= 0 || (ready < PIECE && volume.hashed + ready < volume.size)) break
        const length = Math.min(ready, PIECE)
        const { bytesRead } = await onDisk(volume.path, () =>
          volume.file.read(this.#buffer, 0, length, volume.hashed),
        )
        // Bytes that were never written are zeros, as they are once the file has its full length.
        this.#buffer.fill(0, bytesRead, length)
        volume.hash.update(this.#buffer.subarray(0, length))
        volume.hashed += length
      }
    }
  }

  #locate(position: number): { volume: Volume; within: number; left: number } {
    const volume = this.#volumes.find(({ start, size }) => position < start + size)
    if (volume === undefined) throw new GpregError('bug', `byte ${position} is behind the last volume`)
    const within = position - volume.start
    return { volume, within, left: volume.size - within }
  }
}
