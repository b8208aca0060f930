import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Limiter } from '../../limiter.ts'
import { VolumeHashes } from './volume-hashes.ts'

/** The methods of {@link VolumeHashes}, in this thread or another. */
export type VolumeHasher = {
  readonly [Method in keyof VolumeHashes]: (
    ...args: Parameters<VolumeHashes[Method]>
  ) => ReturnType<VolumeHashes[Method]> | Promise<ReturnType<VolumeHashes[Method]>>
}

/** A call of a method, as the thread takes it. */
export interface HashCall {
  readonly method: keyof VolumeHashes
  readonly args: readonly number[]
}

/** What a call came to. An error loses its code on the way between threads, so the code is sent beside it. */
export type HashAnswer = { readonly value: unknown } | { readonly error: Error; readonly code: unknown }

/** Bytes in all from which a thread of their own is worth its start. */
const WORTH_A_THREAD = 64 * 1024 * 1024

/** @param files at least as many bytes as their `size` will be hashed of each */
export function hashVolumes(
  files: readonly { readonly path: string; readonly size: number }[],
): VolumeHasher {
  const paths = files.map(({ path }) => path)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return bytes < WORTH_A_THREAD ? new VolumeHashes(paths) : new HashThread(paths)
}

/** Hashes in another thread, so that the bytes of blobs and of volumes are hashed at the same time. */
class HashThread implements VolumeHasher {
  readonly #worker: Worker
  readonly #turn = new Limiter(1)
  #failure: unknown

  constructor(paths: readonly string[]) {
    const file = new URL(`./volume-hash-worker${extname(import.meta.url)}`, import.meta.url)
    this.#worker = new Worker(file, { workerData: paths })
    this.#worker.on('error', error => (this.#failure = error))
    this.#worker.unref()
  }

  async update(index: number, end: number): Promise<void> {
    await this.#call('update', index, end)
  }

  async reset(index: number): Promise<void> {
    await this.#call('reset', index)
  }

  async digest(index: number): Promise<string> {
    return (await this.#call('digest', index)) as string
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #call(method: HashCall['method'], ...args: number[]): Promise<unknown> {
    return this.#turn.run(async () => {
      if (this.#failure !== undefined) throw this.#failure
      this.#worker.postMessage({ method, args } satisfies HashCall)
      this.#worker.ref()
      const [answer] = (await once(this.#worker, 'message')) as [HashAnswer]
      this.#worker.unref()
      if ('error' in answer) throw Object.assign(answer.error, { code: answer.code })
      return answer.value
    })
  }
}
