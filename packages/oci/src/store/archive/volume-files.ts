import { open, type FileHandle } from 'node:fs/promises'
import { GpregError } from '../../errors.ts'
import { onDisk } from '../layout/layout-files.ts'
import { hashVolumes, type VolumeHasher } from './volume-hash-thread.ts'

/** Bytes that are hashed in one call at least, but for the end of a volume, and at most. */
const [LEAST_HASHED, MOST_HASHED] = [1024 * 1024, 8 * 1024 * 1024]

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
  #hasher: VolumeHasher | undefined
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
        files.#volumes.push({ path, file, start, size, hashed: 0 })
        start += size
      }
      files.#hasher = hashVolumes(volumes)
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
  #sync({ path, file }: Volume): void {
    this.#syncing ??= onDisk(path, () => file.datasync())
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
    // All at once: the next run may start as soon as this method waits.
    const resets = this.#volumes.map((volume, index) => {
      if (volume.start + volume.hashed <= position) return undefined
      volume.hashed = 0
      return this.#hasher?.reset(index)
    })
    await Promise.all(resets)
  }

  /** Hashes the rest and syncs all volumes. */
  async finish(): Promise<FinishedVolume[]> {
    await this.#pumping
    await this.#hashReady()
    // The system reports a failed sync once: the next one would succeed.
    await this.#syncing
    if (this.#broken !== undefined) throw this.#broken
    for (const { path, file, size } of this.#volumes) {
      await onDisk(path, async () => {
        await file.truncate(size)
        await file.sync()
      })
    }
    const digests = await Promise.all(this.#volumes.map((_, index) => this.#hasher!.digest(index)))
    return this.#volumes.map(({ size }, index) => ({ size, sha256: digests[index]! }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pumping, this.#syncing])
    for (const { file } of this.#volumes) await file.close()
    await this.#hasher?.close()
  }

  async #hashReady(): Promise<void> {
    for (const [index, volume] of this.#volumes.entries()) {
      while (volume.hashed < volume.size) {
        const from = volume.start + volume.hashed
        const ready = Math.min(this.#readyUntil(from), volume.start + volume.size) - from
        // Small pieces wait until there is more to hash.
        if (ready <= 0 || (ready < LEAST_HASHED && volume.hashed + ready < volume.size)) break
        const end = volume.hashed + Math.min(ready, MOST_HASHED)
        await onDisk(volume.path, async () => this.#hasher!.update(index, end))
        volume.hashed = end
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
