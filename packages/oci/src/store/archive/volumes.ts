import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { throwIfAborted } from '../../errors.ts'
import type { ByteStream } from '../content.ts'
import { damaged } from '../damage.ts'
import { readError, storageError } from '../layout/layout-files.ts'

/** Bytes of one read. */
const READ_SIZE = 256 * 1024

interface Volume {
  readonly path: string
  readonly file: FileHandle
  readonly start: number
  readonly size: number
}

/** The volumes of one archive, read by offset as if they were one file. Several reads may run at once. */
export class VolumeReader implements AsyncDisposable {
  readonly size: number
  readonly #volumes: readonly Volume[]

  private constructor(volumes: readonly Volume[]) {
    this.#volumes = volumes
    this.size = volumes.reduce((sum, volume) => sum + volume.size, 0)
  }

  /** @throws `storage`, `bundle-damaged` for a path that is no regular file */
  static async open(paths: readonly string[]): Promise<VolumeReader> {
    const volumes: Volume[] = []
    let start = 0
    try {
      for (const path of paths) {
        const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
        const info = await file.stat()
        volumes.push({ path, file, start, size: info.size })
        if (!info.isFile()) throw damaged(`${path} is no file`, path)
        start += info.size
      }
      return new VolumeReader(volumes)
    } catch (error) {
      for (const { file } of volumes) await file.close()
      throw storageError(error, paths[volumes.length] ?? '')
    }
  }

  /** Bytes `start` to `end`, the end not included. */
  async *read(start: number, end: number, signal?: AbortSignal): ByteStream {
    for (let position = start; position < end;) {
      throwIfAborted(signal)
      const volume = this.#volumes.find(each => position < each.start + each.size)
      if (volume === undefined) throw damaged('the archive ends too early', this.#volumes.at(-1)?.path)
      const within = position - volume.start
      const length = Math.min(READ_SIZE, end - position, volume.size - within)
      const { bytesRead, buffer } = await this.#readFrom(volume, within, length)
      if (bytesRead === 0) throw damaged(`${volume.path} ends too early`, volume.path)
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** Reads a short part whole. */
  async bytes(start: number, length: number): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.read(start, start + length)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** A position for messages: `byte 512 of x.tar.002`. */
  describePosition(position: number): string {
    const volume = this.#volumes.findLast(each => each.start <= position)
    if (volume === undefined) return `byte ${position}`
    return `byte ${position - volume.start} of ${basename(volume.path)}`
  }

  /** Names of the files that hold a part. */
  namesOf(start: number, end: number): string[] {
    return this.#volumes
      .filter(volume => start < volume.start + volume.size && end > volume.start)
      .map(({ path }) => basename(path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { file } of this.#volumes) await file.close()
  }

  async #readFrom({ file, path }: Volume, position: number, length: number) {
    try {
      return await file.read(Buffer.allocUnsafe(length), 0, length, position)
    } catch (error) {
      throw readError(error, path)
    }
  }
}
