import {
  type Descriptor,
  type Digest,
  type GpregError,
  type ReadableRepository,
  type Repository,
  isWritable,
} from '@gpreg/oci'
import { isRefusal, unlessAborted } from '@gpreg/oci/engine'
import { deletionHint } from './hints.ts'
import { deletionOrder } from './order.ts'
import type { PrunedManifest, PrunedTag, PruneError } from './outcome.ts'
import type { PlannedRepository } from './plan.ts'
import type { RepositoryPlan } from './repository-plan.ts'
import type { Removal } from './removal.ts'
import { manifestsBelow, type Manifests } from './walk.ts'

/** What was done in one repository. */
export interface Pruned {
  readonly tags: readonly PrunedTag[]
  readonly manifests: readonly PrunedManifest[]
}

/** What an execution needs to know beside the plan of a repository. */
export interface Execution {
  readonly host: string
  readonly removal: Removal
  /** Digests that something which stays names, in any repository. */
  readonly needed: ReadonlySet<Digest>
}

type Outcome = Pick<PrunedTag, 'status' | 'reason' | 'error'>

const REMOVED: Outcome = { status: 'removed' }
const MOVED: Outcome = {
  status: 'left',
  reason: 'it was moved, or something new needs it, since it was planned',
}

/** Removes what was planned in one repository and is still to go by a plan made right before. */
export class RepositoryPruning {
  readonly #planned: PlannedRepository
  readonly #execution: Execution
  readonly #repository: Repository
  /** Tags that go by both plans, by the digest that they point at. */
  readonly #going: ReadonlyMap<Digest, readonly string[]>
  readonly #doomed: Manifests
  readonly #tags = new Map<string, Outcome>()
  readonly #manifests = new Map<Digest, Outcome>()
  readonly #refused = new Set<Digest>()

  /**
   * @param planned the plan that the user saw
   * @param fresh a plan of the same repository, made now
   */
  constructor(planned: PlannedRepository, fresh: RepositoryPlan, execution: Execution) {
    this.#planned = planned
    this.#execution = execution
    this.#repository = writable(fresh.repository)
    const going = [...planned.plan.doomedTags].filter(
      ([tag, { digest }]) => fresh.doomedTags.get(tag)?.digest === digest,
    )
    const byDigest = Map.groupBy(going, ([, { digest }]) => digest)
    this.#going = new Map([...byDigest].map(([digest, group]) => [digest, group.map(([tag]) => tag)]))
    this.#doomed = new Map([...fresh.doomed].filter(([digest]) => planned.plan.doomed.has(digest)))
  }

  async run(): Promise<void> {
    const elsewhere = neededElsewhere(this.#doomed, this.#execution.needed)
    for (const { descriptor } of deletionOrder(this.#doomed, this.#going))
      await this.#remove(descriptor, elsewhere.has(descriptor.digest))
    for (const [digest, tags] of this.#going)
      if (!this.#doomed.has(digest)) for (const tag of tags) await this.#removeShared(tag)
  }

  /** Deletes again what was refused: where repositories share content, another one may have needed it until now. */
  async retry(): Promise<void> {
    for (const digest of [...this.#refused]) {
      const node = this.#doomed.get(digest)
      if (node !== undefined) await this.#delete(node.descriptor)
    }
  }

  rows(): Pruned {
    const { name, plan } = this.#planned
    const path = `${this.#execution.host}/${name}`
    return {
      tags: [...plan.doomedTags].map(([tag, descriptor]) =>
        tagRow(path, tag, descriptor, this.#tags.get(tag) ?? MOVED),
      ),
      manifests: [...plan.doomed.keys()].map(digest => ({
        manifest: `${path}@${digest}`,
        ...(this.#manifests.get(digest) ?? MOVED),
      })),
    }
  }

  /** Removes a manifest with its tags. */
  async #remove(descriptor: Descriptor, isNeededElsewhere: boolean): Promise<void> {
    const { removal } = this.#execution
    const waiting: string[] = []
    for (const tag of this.#going.get(descriptor.digest) ?? []) {
      const outcome = await this.#attempt(async () =>
        (await removal.removeTag(this.#repository, tag)) ? REMOVED : undefined,
      )
      if (outcome === undefined) waiting.push(tag)
      else this.#tags.set(tag, outcome)
    }
    // In a store that all repositories share, the other repository would lose the manifest, too.
    if (isNeededElsewhere && waiting.length === 0)
      this.#manifests.set(descriptor.digest, { status: 'left', reason: 'another repository needs it' })
    else {
      const outcome = await this.#delete(descriptor)
      for (const tag of waiting) this.#tags.set(tag, outcome)
    }
  }

  async #delete(descriptor: Descriptor): Promise<Outcome> {
    this.#refused.delete(descriptor.digest)
    const outcome = await this.#attempt(async (): Promise<Outcome> => {
      try {
        await this.#execution.removal.removeManifest(this.#repository, descriptor)
        return REMOVED
      } catch (thrown) {
        const error = unlessAborted(thrown)
        const isNeeded = saysNeeded(error)
        if (isNeeded || error.code === 'forbidden') this.#refused.add(descriptor.digest)
        if (!isNeeded) throw error
        return { status: 'left', reason: `the registry keeps it: ${error.message}` }
      }
    })
    this.#manifests.set(descriptor.digest, outcome)
    return outcome
  }

  async #removeShared(tag: string): Promise<void> {
    const outcome = await this.#attempt(async (): Promise<Outcome> => {
      const reason = await this.#execution.removal.removeSharedTag(this.#repository, tag)
      return reason === undefined ? REMOVED : { status: 'left', reason }
    })
    this.#tags.set(tag, outcome)
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | Outcome> {
    try {
      return await work()
    } catch (thrown) {
      return { status: 'failed', error: describe(unlessAborted(thrown), this.#execution.host) }
    }
  }
}

/**
 * Whether a registry refuses to delete a manifest because other content of its own needs it: content outside the prefix, which no plan
 * knows. gpreg serve, Amazon ECR and Artifact Registry say it in these words.
 */
function saysNeeded(error: GpregError): boolean {
  return isRefusal(error) && /still needs|referenced/i.test(error.message)
}

/** Those of the manifests that something in another repository names or is about, with all below them. */
function neededElsewhere(doomed: Manifests, needed: ReadonlySet<Digest>): ReadonlySet<Digest> {
  const found = new Set([...doomed.keys()].filter(digest => needed.has(digest)))
  for (let size = -1; size < found.size;) {
    size = found.size
    for (const [digest, node] of doomed) {
      const subject = node.manifest.subject?.digest
      if (subject !== undefined && (needed.has(subject) || found.has(subject))) found.add(digest)
      if (found.has(digest)) for (const below of manifestsBelow(node)) found.add(below.digest)
    }
  }
  return found
}

/** The rows of a plan that is only shown. */
export function announce({ name, plan }: PlannedRepository, host: string): Pruned {
  const outcome: Outcome = { status: 'to-remove' }
  return {
    tags: [...plan.doomedTags].map(([tag, descriptor]) =>
      tagRow(`${host}/${name}`, tag, descriptor, outcome),
    ),
    manifests: [...plan.doomed.keys()].map(digest => ({ manifest: `${host}/${name}@${digest}`, ...outcome })),
  }
}

function tagRow(repository: string, tag: string, { digest }: Descriptor, outcome: Outcome): PrunedTag {
  return { tag: `${repository}:${tag}`, digest, ...outcome }
}

function describe(error: GpregError, host: string): PruneError {
  const hint = isRefusal(error) ? deletionHint(host, error) : error.hint
  return { code: error.code, message: error.message, ...(hint === undefined ? {} : { hint }) }
}

function writable(repository: ReadableRepository): Repository {
  if (isWritable(repository)) return repository
  throw new TypeError(`${repository.name} cannot be written`)
}
