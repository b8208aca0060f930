import { isRefusal, unlessAborted } from '../errors.ts'
import { allSettledOrThrow, type Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { Call, ReadableRepository, Repository } from '../store/content.ts'
import type { Place } from '../store/artifact.ts'
import type { DeepCheck } from './repair/deep-check.ts'
import type { CopyItem } from './survey/item.ts'

/** A blob, the repositories of one store that need it, and the sources that have it. Each target store has a plan of its own. */
export interface BlobPlan {
  readonly descriptor: Descriptor
  readonly store: string
  /** In the order in which they are tried. Blobs may share a list, so it is replaced and never changed. */
  sources: readonly Place<ReadableRepository>[]
  readonly places: readonly BlobDestination[]
  /** Set if other shards need the blob first in a repository that no image of this shard is in. */
  readonly home?: BlobDestination
  /** Set if a repository has other bytes under the digest, because the others may share them. */
  isWrong?: boolean
}

/** A blob in a repository that needs it. Each pair of both has exactly one object, so that objects can be compared by identity. */
export interface BlobDestination {
  readonly blob: BlobPlan
  readonly repository: Repository
  readonly present: boolean
  /** The repository has other bytes under the digest. `present` is false then. */
  readonly isWrong?: boolean
  /** The target was not asked, because the repository is new to it. The blob may be there all the same. */
  readonly unchecked: boolean
}

/** Where a blob is sent. The other repositories mount it from there. */
export function homeOf({ home, places }: BlobPlan): BlobDestination {
  return home ?? places[0]!
}

/** True if a repository of the store has the blob, so that it need not be transferred. */
export function isAtTarget({ places }: BlobPlan): boolean {
  return places.some(({ present }) => present)
}

type GrowingPlace = { -readonly [K in keyof BlobDestination]: BlobDestination[K] }

/**
 * A blob while its plan is made. Most blobs are in one repository, and there may be hundreds of thousands of them, so only the others
 * have a list and an index of their repositories.
 */
class GrowingBlob implements BlobPlan {
  readonly descriptor: Descriptor
  readonly store: string
  sources: readonly Place<ReadableRepository>[]
  home?: BlobDestination
  isWrong?: boolean
  #only: BlobDestination | undefined
  #several: { readonly list: BlobDestination[]; readonly byName: Map<string, BlobDestination> } | undefined

  constructor(descriptor: Descriptor, store: string, sources: readonly Place<ReadableRepository>[]) {
    this.descriptor = descriptor
    this.store = store
    this.sources = sources
  }

  get places(): readonly BlobDestination[] {
    if (this.#several !== undefined) return this.#several.list
    return this.#only === undefined ? [] : [this.#only]
  }

  placeIn({ name }: Repository): BlobDestination | undefined {
    if (this.#several !== undefined) return this.#several.byName.get(name)
    return this.#only?.repository.name === name ? this.#only : undefined
  }

  /** Adds a place in a repository that has none yet. */
  add(place: BlobDestination): void {
    if (this.#only === undefined) {
      this.#only = place
      return
    }
    const only = this.#only
    this.#several ??= { list: [only], byName: new Map([[only.repository.name, only]]) }
    this.#several.list.push(place)
    this.#several.byName.set(place.repository.name, place)
  }
}

/**
 * Finds out which blobs the targets have. Each repository is asked once for each blob. Keys are the digests themselves, because
 * there may be hundreds of thousands of blobs.
 */
export class Presence {
  readonly #limiter: Limiter
  readonly #call: Call
  readonly #stores = new Map<string, Map<Digest, GrowingBlob>>()
  /** Answers that are pending, or that failed. */
  readonly #answers = new Map<BlobDestination, Promise<BlobDestination>>()
  /** Repositories that do not tell which blobs they have. */
  readonly #silent = new WeakSet<Repository>()

  /** Reads back what is present; undefined if the answer of the store is believed. */
  readonly #check: DeepCheck | undefined

  constructor(limiter: Limiter, call: Call, check?: DeepCheck) {
    this.#limiter = limiter
    this.#check = check
    this.#call = call
  }

  blobs(): BlobPlan[] {
    return [...this.#stores.values()].flatMap(blobs => [...blobs.values()])
  }

  /**
   * Asks whether the target repository of an item has these blobs.
   * @param isNewRepository the target does not know the repository, which therefore is not asked
   */
  async look(
    item: CopyItem,
    descriptors: readonly Descriptor[],
    isNewRepository: boolean,
  ): Promise<readonly BlobDestination[]> {
    const { repository } = item.target
    const sources = [item.source]
    const places = descriptors.map(descriptor => {
      const blob = this.#blob(item, descriptor, sources)
      const known = blob.placeIn(repository)
      if (known !== undefined) return this.#answers.get(known) ?? known
      const place = { blob, repository, present: false, unchecked: isNewRepository }
      blob.add(place)
      return isNewRepository ? place : this.#ask(place)
    })
    return places.every(isKnown) ? places : allSettledOrThrow(places)
  }

  /** Takes note of the blobs of an image that another shard publishes. The target is not asked. */
  note(item: CopyItem, descriptors: readonly Descriptor[]): void {
    const { repository } = item.target
    const sources = [item.source]
    for (const descriptor of descriptors) {
      const blob = this.#blob(item, descriptor, sources)
      if (blob.places.length === 0) blob.home ??= { blob, repository, present: false, unchecked: true }
    }
  }

  /** @param sources the source of the item alone, which all blobs share that have no other one */
  #blob(
    { source, target: { store } }: CopyItem,
    descriptor: Descriptor,
    sources: readonly Place<ReadableRepository>[],
  ): GrowingBlob {
    const blobs = this.#stores.get(store) ?? new Map<Digest, GrowingBlob>()
    this.#stores.set(store, blobs)
    const known = blobs.get(descriptor.digest)
    if (known !== undefined) {
      if (!known.sources.some(each => isSame(each, source))) known.sources = known.sources.concat(source)
      return known
    }
    const blob = new GrowingBlob(descriptor, store, sources)
    blobs.set(descriptor.digest, blob)
    return blob
  }

  /** Asks for a blob in a repository. */
  #ask(place: GrowingPlace): Promise<BlobDestination> {
    const { blob, repository } = place
    const answer = this.#limiter.run(async () => {
      try {
        if (this.#silent.has(repository)) place.unchecked = true
        else place.present = await repository.exists(blob.descriptor, this.#call)
        const wanted = { store: blob.store, repository }
        if (place.present && (await this.#check?.isRight(wanted, blob.descriptor)) === false)
          [place.present, place.isWrong, blob.isWrong] = [false, true, true]
      } catch (thrown) {
        const error = unlessAborted(thrown)
        if (error.code === 'size-mismatch') place.isWrong = blob.isWrong = true
        else if (isRefusal(error)) {
          // A registry that does not tell is sent the blob: some answer 403 for a repository that is not there yet.
          this.#silent.add(repository)
          place.unchecked = true
        } else throw thrown
      }
      this.#answers.delete(place)
      return place
    })
    this.#answers.set(place, answer)
    return answer
  }
}

function isKnown(answer: BlobDestination | Promise<BlobDestination>): answer is BlobDestination {
  return !(answer instanceof Promise)
}

function isSame(one: Place<ReadableRepository>, other: Place<ReadableRepository>): boolean {
  return one.store === other.store && one.repository.name === other.repository.name
}
