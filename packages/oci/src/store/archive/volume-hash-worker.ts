/** The thread that hashes the volumes of an archive while another one writes them. */
import { parentPort, workerData } from 'node:worker_threads'
import type { HashAnswer, HashCall } from './volume-hash-thread.ts'
import { VolumeHashes } from './volume-hashes.ts'

const hashes = new VolumeHashes(workerData as readonly string[])

parentPort?.on('message', ({ method, args }: HashCall) => parentPort?.postMessage(answer(method, args)))

function answer(method: HashCall['method'], args: readonly number[]): HashAnswer {
  try {
    return { value: (hashes[method] as (...args: readonly number[]) => unknown)(...args) }
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException
    return { error, code: error.code }
  }
}
