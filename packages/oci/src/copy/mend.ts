import { isRefusal, unlessAborted } from '../errors.ts'
import { isDeleter } from '../store/capabilities.ts'
import type { Call } from '../store/content.ts'
import { DeepCheck, keepsWrong } from './deep-check.ts'
import type { BlobDestination } from './presence.ts'
import { graphsOf, type ToCopy } from './survey.ts'

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
   * @param send sends the blob to the place
   * @throws `digest-mismatch` with the operator's step if the registry keeps the wrong bytes
   */
  async mend(place: BlobDestination, send: () => Promise<void>): Promise<void> {
    const { blob, repository } = place
    const at = { store: blob.store, repository }
    const isRight = () => this.#check.isRight(at, blob.descriptor)
    // The first place was found wrong a moment ago; the others may share what was mended there.
    const isKnownWrong = place.isWrong && place === blob.places[0]
    if (!isKnownWrong && (await isRight())) return
    if (!this.#stubborn.has(blob.store)) {
      await send()
      if (await isRight()) return
      if (await this.#isDeleted(place)) {
        await send()
        if (await isRight()) return
      }
      this.#stubborn.add(blob.store)
    }
    throw keepsWrong(at, blob.descriptor)
  }

  /** Checks the manifests of an image that were sent, and where its tag points. */
  async assertArrived(image: ToCopy & { readonly stored: ReadonlySet<string> }): Promise<void> {
    const { store, repository } = image.item.target
    for (const { descriptor } of graphsOf(image).flatMap(({ manifests }) => manifests)) {
      if (image.stored.has(descriptor.digest)) continue
      if (!(await this.#check.isRight({ store, repository }, descriptor)))
        throw keepsWrong({ store, repository }, descriptor)
    }
  }

  async #isDeleted({ blob, repository }: BlobDestination): Promise<boolean> {
    if (!isDeleter(repository)) return false
    try {
      await repository.delete(blob.descriptor, this.#call)
      return true
    } catch (thrown) {
      const error = unlessAborted(thrown)
      if (isRefusal(error) || error.code === 'not-found' || error.code === 'forbidden') return false
      throw error
    }
  }
}
