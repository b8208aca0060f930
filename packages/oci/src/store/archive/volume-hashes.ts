import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

/** Bytes hashed at once. */
const PIECE = 1024 * 1024

interface HashedFile {
  readonly descriptor: number
  hash: Hash
  /** bytes from the start that are hashed */
  hashed: number
}

/** The SHA-256 of files that are still being written. It reads them back from the page cache, and blocks its thread meanwhile. */
export class VolumeHashes {
  readonly #files: readonly HashedFile[]
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE)

  /** @throws errors of the disk, also from the methods */
  constructor(paths: readonly string[]) {
    this.#files = paths.map(path => ({
      descriptor: openSync(path, 'r'),
      hash: createHash('sha256'),
      hashed: 0,
    }))
  }

  /** Hashes a file as far as `end`. Bytes behind its present end count as zeros, which they are once it has its full length. */
  update(index: number, end: number): void {
    const file = this.#files[index]!
    while (file.hashed < end) {
      const length = Math.min(PIECE, end - file.hashed)
      const read = readSync(file.descriptor, this.#buffer, 0, length, file.hashed)
      this.#buffer.fill(0, read, length)
      file.hash.update(this.#buffer.subarray(0, length))
      file.hashed += length
    }
  }

  /** Forgets a hash, because bytes that it covers are written again. */
  reset(index: number): void {
    const file = this.#files[index]!
    file.hash = createHash('sha256')
    file.hashed = 0
  }

  /** The hash so far, hex. */
  digest(index: number): string {
    return this.#files[index]!.hash.copy().digest('hex')
  }

  close(): void {
    for (const { descriptor } of this.#files) closeSync(descriptor)
  }
}
