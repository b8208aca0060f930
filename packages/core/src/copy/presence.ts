import type { Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { Call, ReadableRepository, Repository } from '../store/content.ts'
import type { CopyItem, Place } from './item.ts'

/** One blob, every repository of one store that needs it, and where it can come from. */
export interface BlobPlan {
  readonly descriptor: Descriptor
  readonly store: string
  readonly sources: readonly Place<ReadableRepository>[]
  /** by repository name; what is deduplicated is keyed by store, repository and digest, or the second never gets its link */
  readonly places: ReadonlyMap<string, { readonly repository: Repository; readonly present: boolean }>
}

/** `store digest`: blobs are planned for each target store apart. */
export function blobKey(store: string, digest: Digest): string {
  return `${store} ${digest}`
}

/** Whether any repository of the store has it, so that none of its bytes need cross the line. */
export function isHeld({ places }: BlobPlan): boolean {
  return [...places.values()].some(({ present }) => present)
}

interface Growing extends BlobPlan {
  readonly sources: Place<ReadableRepository>[]
  readonly places: Map<string, { repository: Repository; present: boolean }>
}

/** What the targets have of the blobs that images need: every repository is asked for every blob once. */
export class Presence {
  readonly #limiter: Limiter
  readonly #call: Call
  readonly #blobs = new Map<string, Growing>()
  readonly #asked = new Map<string, Promise<boolean>>()

  constructor(limiter: Limiter, call: Call) {
    this.#limiter = limiter
    this.#call = call
  }

  blobs(): BlobPlan[] {
    return [...this.#blobs.values()]
  }

  /** Whether the target of an item has a blob. */
  look({ source, target }: CopyItem, descriptor: Descriptor): Promise<boolean> {
    const key = blobKey(target.store, descriptor.digest)
    const blob: Growing = this.#blobs.get(key) ?? {
      descriptor,
      store: target.store,
      sources: [],
      places: new Map(),
    }
    this.#blobs.set(key, blob)
    if (
      !blob.sources.some(
        ({ store, repository }) => store === source.store && repository.name === source.repository.name,
      )
    ) {
      blob.sources.push(source)
    }
    const { repository } = target
    const asked = this.#asked.get(`${key} ${repository.name}`)
    if (asked !== undefined) return asked
    const place = { repository, present: false }
    blob.places.set(repository.name, place)
    const answer = this.#limiter.run(
      async () => (place.present = await repository.exists(descriptor, this.#call)),
    )
    this.#asked.set(`${key} ${repository.name}`, answer)
    return answer
  }
}
