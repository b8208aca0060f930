import { GpregError } from '../errors.ts'

/** `algorithm:hex`, e.g. `sha256:e3b0…`. https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests */
export type Digest = `sha256:${string}` | `sha512:${string}`

/** The two registered algorithms. */
export type DigestAlgorithm = 'sha256' | 'sha512'

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text)
}

/** @throws `digest-invalid` */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new GpregError(
    'digest-invalid',
    `not a sha256 or sha512 digest: ${JSON.stringify(text.slice(0, 160))}`,
    {
      hint: 'a digest reads sha256: and 64 lower-case hex characters',
    },
  )
}

/** @throws `digest-mismatch`, which no further try can mend */
export function assertDigest(found: Digest, expected: Digest): void {
  if (found === expected) return
  throw new GpregError('digest-mismatch', `expected ${expected}, got ${found}`, {
    digest: expected,
    hint: 'name it by a tag, or by the digest that it has',
    retryable: false,
  })
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}
