import { isRefusal, unlessAborted } from '../errors.ts'
import { allSettledOrThrow, type Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { Call, ReadableRepository, Repository } from '../store/content.ts'
import type { Place } from '../store/artifact.ts'
import type { DeepCheck } from './repair/deep-check.ts'
import type { CopyItem } from './item.ts'

/** A blob, the repositories of one store that need it, and the sources that have it. Each target store has a plan of its own. */
export interface BlobPlan {
  readonly descriptor: Descriptor
  readonly store: string
  /** In the order in which they are tried. Blobs may share a list, so it is replaced and never changed. */
  sources: readonly Place<ReadableRepository>[]
  readonly places: readonly BlobDestination[]
  /** Set if other shards need the blob first in a repository that no image of this shard is in. */
  readonly home?: BlobDestination
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

const NOWHERE: readonly BlobDestination[] = []

type Growing = { -readonly [K in keyof BlobPlan]: BlobPlan[K] }
type GrowingPlace = { -readonly [K in keyof BlobDestination]: BlobDestination[K] }
/** A pending answer is replaced by the answer, because promises take as much memory as all else of it. */
type Answers = Map<Digest, BlobDestination | Promise<BlobDestination>>

/**
 * Finds out which blobs the targets have. Each repository is asked once for each blob. Keys are the digests themselves, because
 * there may be hundreds of thousands of blobs.
 */
export class Presence {
  readonly #limiter: Limiter
  readonly #call: Call
  readonly #stores = new Map<string, Map<Digest, Growing>>()
  /** by `store repository` */
  readonly #repositories = new Map<string, Answers>()
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
    const { store, repository } = item.target
    const answers = entry(this.#repositories, `${store} ${repository.name}`)
    const sources = [item.source]
    const places = descriptors.map(descriptor => {
      const { digest } = descriptor
      const blob = this.#blob(item, descriptor, sources)
      const known = answers.get(digest)
      if (known !== undefined) return known
      const place = newPlace(blob, repository, isNewRepository)
      const answer = isNewRepository ? place : this.#ask(place, answers)
      answers.set(digest, answer)
      return answer
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
  ): Growing {
    const blobs = entry(this.#stores, store)
    const known = blobs.get(descriptor.digest)
    if (known !== undefined) {
      if (!known.sources.some(each => isSame(each, source))) known.sources = known.sources.concat(source)
      return known
    }
    const blob = { descriptor, store, sources, places: NOWHERE }
    blobs.set(descriptor.digest, blob)
    return blob
  }

  /** Asks for a blob in a repository. The answer replaces its promise. */
  #ask(place: GrowingPlace, answers: Answers): Promise<BlobDestination> {
    const { blob, repository } = place
    return this.#limiter.run(async () => {
      try {
        if (this.#silent.has(repository)) place.unchecked = true
        else place.present = await repository.exists(blob.descriptor, this.#call)
        if (place.present && (await this.#check?.isRight({ ...blob, repository }, blob.descriptor)) === false)
          [place.present, place.isWrong] = [false, true]
      } catch (thrown) {
        // A registry that does not tell is sent the blob: some answer 403 for a repository that is not there yet.
        if (!isRefusal(unlessAborted(thrown))) throw thrown
        this.#silent.add(repository)
        place.unchecked = true
      }
      answers.set(blob.descriptor.digest, place)
      return place
    })
  }
}

/** A blob in one more repository. */
function newPlace(blob: Growing, repository: Repository, isNewRepository: boolean): GrowingPlace {
  const place = { blob, repository, present: false, unchecked: isNewRepository }
  // `concat`, because V8 allocates 16 more slots on `push` and spread; most blobs are in exactly one repository.
  blob.places = blob.places.concat(place)
  return place
}

function isKnown(answer: BlobDestination | Promise<BlobDestination>): answer is BlobDestination {
  return !(answer instanceof Promise)
}

function entry<V>(maps: Map<string, Map<Digest, V>>, key: string): Map<Digest, V> {
  const map = maps.get(key) ?? new Map<Digest, V>()
  maps.set(key, map)
  return map
}

function isSame(one: Place<ReadableRepository>, other: Place<ReadableRepository>): boolean {
  return one.store === other.store && one.repository.name === other.repository.name
}
