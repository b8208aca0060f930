import type { Descriptor } from '../model/descriptor.ts'
import { budgetsOf } from '../store/capabilities.ts'
import type { Place } from '../store/artifact.ts'
import { Sequencer } from '../sequencer.ts'
import { SmallLane } from './small-lane.ts'

/**
 * Writes the manifests of several images in parallel, but those of images that share a manifest in a repository one after the other.
 * Registries that store files (CNCF distribution 2.8) can answer wrongly while they write a link that two tags share.
 */
export class Publishing {
  readonly #lane: SmallLane
  readonly #sequencer = new Sequencer()

  /** @param concurrency most transfers at once that the caller wants */
  constructor(concurrency: number) {
    this.#lane = new SmallLane(concurrency)
  }

  /** @param manifests all that `work` may write */
  run<T>({ store, repository }: Place, manifests: readonly Descriptor[], work: () => Promise<T>): Promise<T> {
    const keys = manifests.map(({ digest }) => `${store}/${repository.name}@${digest}`)
    return this.#sequencer.run(keys, () => this.#lane.run(budgetsOf(repository), work))
  }
}
