import { allSettledOrThrow, type Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { Call, ReadableRepository, Repository } from '../store/content.ts'
import type { Place } from '../store/artifact.ts'
import type { CopyItem } from './item.ts'

/** One blob, every repository of one store that needs it, and where it can come from. Blobs are planned for each store apart. */
export interface BlobPlan {
  readonly descriptor: Descriptor
  readonly store: string
  /** in the order in which they are tried */
  readonly sources: Place<ReadableRepository>[]
  readonly places: readonly BlobPlace[]
}

/** A blob in a repository that needs it. There is one such object for both, so that it is told by its identity. */
export interface BlobPlace {
  readonly blob: BlobPlan
  readonly repository: Repository
  readonly present: boolean
  /** Nobody asked, since the repository is new to its registry: it may be there after all. */
  readonly unasked: boolean
}

/** Whether any repository of the store has it, so that none of its bytes need cross the line. */
export function isHeld({ places }: BlobPlan): boolean {
  return places.some(({ present }) => present)
}

type Growing = { -readonly [K in keyof BlobPlan]: BlobPlan[K] }
type Answers = Map<Digest, Promise<BlobPlace>>

/**
 * What the targets have of the blobs that images need: every repository is asked for every blob once. There may be hundreds of
 * thousands, so nothing is kept by a key that is longer than the digest that is there anyway.
 */
export class Presence {
  readonly #limiter: Limiter
  readonly #call: Call
  readonly #stores = new Map<string, Map<Digest, Growing>>()
  /** by `store repository` */
  readonly #repositories = new Map<string, Answers>()

  constructor(limiter: Limiter, call: Call) {
    this.#limiter = limiter
    this.#call = call
  }

  blobs(): BlobPlan[] {
    return [...this.#stores.values()].flatMap(blobs => [...blobs.values()])
  }

  /**
   * Where an item needs these blobs, and whether they are there.
   * @param isNew the target does not know the repository, which therefore is not asked
   */
  look(item: CopyItem, descriptors: readonly Descriptor[], isNew: boolean): Promise<readonly BlobPlace[]> {
    const { store, repository } = item.target
    const blobs = entry(this.#stores, store)
    const answers = entry(this.#repositories, `${store} ${repository.name}`)
    return allSettledOrThrow(
      descriptors.map(descriptor => {
        const blob = blobs.get(descriptor.digest) ?? { descriptor, store, sources: [item.source], places: [] }
        blobs.set(descriptor.digest, blob)
        addSource(blob, item.source)
        const answer = answers.get(descriptor.digest) ?? this.#ask(blob, repository, isNew)
        answers.set(descriptor.digest, answer)
        return answer
      }),
    )
  }

  async #ask(blob: Growing, repository: Repository, isNew: boolean): Promise<BlobPlace> {
    const place = { blob, repository, present: false, unasked: isNew }
    // Neither pushed nor spread: either keeps room for sixteen more, and most blobs have one place.
    blob.places = blob.places.concat(place)
    if (isNew) return place
    return this.#limiter.run(async () => {
      place.present = await repository.exists(blob.descriptor, this.#call)
      return place
    })
  }
}

function entry<V>(maps: Map<string, Map<Digest, V>>, key: string): Map<Digest, V> {
  const map = maps.get(key) ?? new Map<Digest, V>()
  maps.set(key, map)
  return map
}

function addSource({ sources }: BlobPlan, { store, repository }: CopyItem['source']): void {
  const known = sources.some(source => source.store === store && source.repository.name === repository.name)
  if (!known) sources.push({ store, repository })
}
