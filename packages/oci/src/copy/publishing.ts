import type { Descriptor } from '../model/descriptor.ts'
import { budgetsOf } from '../store/capabilities.ts'
import type { Place } from '../store/artifact.ts'
import { SmallLane } from './small-lane.ts'

/**
 * Writes the manifests of several images in parallel, but those of images that share a manifest in a repository one after the other.
 * Registries that store files (CNCF distribution 2.8) can answer wrongly while they write a link that two tags share.
 */
export class Publishing {
  readonly #lane: SmallLane
  /** What is written last, by repository and digest. */
  readonly #last = new Map<string, Promise<unknown>>()

  /** @param concurrency most transfers at once that the caller wants */
  constructor(concurrency: number) {
    this.#lane = new SmallLane(concurrency)
  }

  /** @param manifests all that `work` may write */
  async run<T>(
    { store, repository }: Place,
    manifests: readonly Descriptor[],
    work: () => Promise<T>,
  ): Promise<T> {
    const keys = new Set(manifests.map(({ digest }) => `${store}/${repository.name}@${digest}`))
    const earlier = [...keys].flatMap(key => this.#last.get(key) ?? [])
    const published = Promise.allSettled(earlier).then(() => this.#lane.run(budgetsOf(repository), work))
    for (const key of keys) this.#last.set(key, published)
    try {
      return await published
    } finally {
      for (const key of keys) if (this.#last.get(key) === published) this.#last.delete(key)
    }
  }
}
