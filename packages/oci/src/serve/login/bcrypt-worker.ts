/** The thread that compares passwords with bcrypt hashes, because bcrypt is slow on purpose and would hold up all other requests. */
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

export interface Comparison {
  readonly password: string
  readonly hash: string
  /** Hashes that are compared, too, if the password is wrong: only the time that this takes counts. */
  readonly decoys: readonly string[]
}

parentPort?.on('message', ({ password, hash, decoys }: Comparison) => {
  const isRight = compareSync(password, hash)
  if (!isRight) for (const decoy of decoys) compareSync(password, decoy)
  parentPort?.postMessage(isRight)
})
