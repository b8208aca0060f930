import { isRefusal, unlessAborted } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Place } from '../../store/artifact.ts'
import { isDeleter } from '../../store/capabilities.ts'
import type { Call, Repository } from '../../store/content.ts'
import { DeepCheck, keepsWrong } from './deep-check.ts'

/** Replaces blobs of targets that have wrong bytes. */
export class Mender {
  readonly #call: Call
  readonly #check: DeepCheck
  /** Stores that keep what they have: nothing is sent to them in vain a second time. */
  readonly #stubborn = new Set<string>()

  constructor(call: Call) {
    this.#call = call
    this.#check = new DeepCheck(call)
  }

  /**
   * Checks a blob that was delivered, or that is known to be wrong, and replaces it until it is right: by sending it again, which
   * some registries take, or by deleting it first.
   * @param isKnownWrong the blob was read a moment ago, and nothing was sent since
   * @param send sends the blob to the place
   * @throws `digest-mismatch` with the operator's step if the registry keeps the wrong bytes
   */
  async mend(
    place: Place,
    descriptor: Descriptor,
    isKnownWrong: boolean,
    send: () => Promise<void>,
  ): Promise<void> {
    const isRight = () => this.#check.isRight(place, descriptor)
    if (!isKnownWrong && (await isRight())) return
    if (!this.#stubborn.has(place.store)) {
      await send()
      if (await isRight()) return
      if (await this.#isDeleted(place.repository, descriptor)) {
        await send()
        if (await isRight()) return
      }
      this.#stubborn.add(place.store)
    }
    throw keepsWrong(place, descriptor)
  }

  /**
   * Checks manifests that were put.
   * @throws `digest-mismatch` with the operator's step if the registry keeps wrong bytes under one of their digests
   */
  async assertArrived(place: Place, manifests: readonly Descriptor[]): Promise<void> {
    for (const descriptor of manifests)
      if (!(await this.#check.isRight(place, descriptor))) throw keepsWrong(place, descriptor)
  }

  async #isDeleted(repository: Repository, descriptor: Descriptor): Promise<boolean> {
    if (!isDeleter(repository)) return false
    try {
      await repository.delete(descriptor, this.#call)
      return true
    } catch (thrown) {
      const error = unlessAborted(thrown)
      if (isRefusal(error) || error.code === 'not-found' || error.code === 'forbidden') return false
      throw error
    }
  }
}
