import { GpregError, unlessAborted, type ErrorCode } from '../../errors.ts'
import { isManifestType, type Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../../model/digest.ts'
import { recycle } from '../../machine/lent-memory.ts'
import { isTagLister } from '../../store/capabilities.ts'
import type { Place } from '../../store/artifact.ts'
import type { Call, ReadableRepository } from '../../store/content.ts'

/** Errors by which a store shows that its bytes are wrong. */
const WRONG: ReadonlySet<ErrorCode> = new Set(['digest-mismatch', 'size-mismatch', 'not-found'])

/** Reads content of targets back and hashes it, because a store may have wrong bytes under a digest. */
export class DeepCheck {
  readonly #call: Call
  /** Content that was found right, by store: repositories share it. */
  readonly #right = new Map<string, Set<Digest>>()

  constructor(call: Call) {
    this.#call = call
  }

  /** @throws why the content could not be read, if that tells nothing of its bytes */
  async isRight({ store, repository }: Place<ReadableRepository>, descriptor: Descriptor): Promise<boolean> {
    const right = this.#right.get(store) ?? new Set()
    this.#right.set(store, right)
    // Manifests belong to a repository, blobs are shared.
    const isShared = !isManifestType(descriptor.mediaType)
    if (isShared && right.has(descriptor.digest)) return true
    try {
      // A server that cuts the connection at wrong bytes does so each time.
      for await (const chunk of repository.fetch(descriptor, { ...this.#call, isBrief: true })) recycle(chunk)
    } catch (thrown) {
      const error = unlessAborted(thrown)
      if (WRONG.has(error.code) || (isSymptom(error) && (await this.#isHealthy(repository)))) return false
      throw error
    }
    if (isShared) right.add(descriptor.digest)
    return true
  }

  /** Whether the registry answers other questions about the repository, so that an error is about the content alone. */
  async #isHealthy(repository: ReadableRepository): Promise<boolean> {
    if (!isTagLister(repository)) return false
    try {
      for await (const _ of repository.tags(this.#call)) break
      return true
    } catch (thrown) {
      unlessAborted(thrown)
      return false
    }
  }
}

/**
 * Whether an error may come from damaged content: CNCF distribution answers 500 for a manifest that it cannot parse, and a server
 * that hashes what it sends, such as `gpreg serve`, cuts the connection before the last byte.
 */
export function isSymptom({ code, subject: { status } }: GpregError): boolean {
  return status === 500 || code === 'unreachable'
}

/** The error for content that a registry keeps although it is wrong, with the step of its operator. */
export function keepsWrong({ store }: Place<ReadableRepository>, { digest }: Descriptor): GpregError {
  const hex = digestHex(digest)
  const path = `docker/registry/v2/blobs/${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}/data`
  return new GpregError(
    'digest-mismatch',
    `${store} keeps wrong bytes under ${digest}, whatever a client sends`,
    {
      side: 'target',
      host: store,
      digest,
      retryable: false,
      hint: `its operator removes the file (CNCF distribution, Harbor, GitLab: ${path} below the root of the storage), and restarts the registry if it caches descriptors; then run the same command again`,
    },
  )
}
