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

const MOVED: Outcome = {
  status: 'left',
  reason: 'it was moved, or something new needs it, since it was planned',
}

/**
 * Removes what was planned and is still to go by a plan made right before.
 * @param announced the plan that the user saw
 * @param fresh a plan of the same repository, made now
 */
export async function pruneRepository(
  { name, plan: announced }: PlannedRepository,
  fresh: RepositoryPlan,
  execution: Execution,
): Promise<Pruned> {
  const { host, removal, needed } = execution
  const repository = writable(fresh.repository)
  const going = [...announced.doomedTags].filter(
    ([tag, { digest }]) => fresh.doomedTags.get(tag)?.digest === digest,
  )
  const tags = new Map<string, Outcome>()
  const manifests = new Map<Digest, Outcome>()
  const byDigest = Map.groupBy(going, ([, { digest }]) => digest)
  const tagsOf = new Map([...byDigest].map(([digest, group]) => [digest, group.map(([tag]) => tag)]))
  const doomed = new Map([...fresh.doomed].filter(([digest]) => announced.doomed.has(digest)))

  const elsewhere = neededElsewhere(doomed, needed)
  for (const { descriptor } of deletionOrder(doomed, tagsOf)) {
    const own = tagsOf.get(descriptor.digest) ?? []
    const outcome = await attempt(host, async () => {
      let untagged = own.length > 0
      for (const tag of own) untagged = (await removal.removeTag(repository, tag)) && untagged
      // In a store that all repositories share, another repository may need the manifest.
      if (elsewhere.has(descriptor.digest) && (untagged || own.length === 0))
        return { status: 'left', reason: 'another repository needs it' }
      await removal.removeManifest(repository, descriptor)
      return { status: 'removed' }
    })
    manifests.set(descriptor.digest, outcome)
    for (const tag of own) tags.set(tag, outcome.status === 'left' ? { status: 'removed' } : outcome)
  }
  for (const [tag, { digest }] of going) {
    if (doomed.has(digest)) continue
    const outcome = await attempt(host, async () => {
      const why = await removal.removeSharedTag(repository, tag)
      return why === undefined ? { status: 'removed' } : { status: 'left', reason: why }
    })
    tags.set(tag, outcome)
  }
  return {
    tags: [...announced.doomedTags].map(([tag, descriptor]) =>
      tagRow(`${host}/${name}`, tag, descriptor, tags.get(tag) ?? MOVED),
    ),
    manifests: [...announced.doomed.keys()].map(digest => ({
      manifest: `${host}/${name}@${digest}`,
      ...(manifests.get(digest) ?? MOVED),
    })),
  }
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

async function attempt(host: string, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (thrown) {
    return { status: 'failed', error: describe(unlessAborted(thrown), host) }
  }
}

function describe(error: GpregError, host: string): PruneError {
  const hint = isRefusal(error) ? deletionHint(host, error) : error.hint
  return { code: error.code, message: error.message, ...(hint === undefined ? {} : { hint }) }
}

function writable(repository: ReadableRepository): Repository {
  if (isWritable(repository)) return repository
  throw new TypeError(`${repository.name} cannot be written`)
}
