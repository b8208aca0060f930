import { createHash } from 'node:crypto'
import type { Digest, DigestAlgorithm } from './digest.ts'

/** The digest of bytes. It is a file of its own, because Node loads its cryptography in 8 ms, and many commands only read digests. */
export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}
