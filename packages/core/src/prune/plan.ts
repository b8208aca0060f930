import type { Descriptor, Digest, ReadableRepository } from '@gpreg/oci'
import { mapLimited, unlessAborted, type ManifestReader, type RegistryPrefix } from '@gpreg/oci/engine'
import type { Context } from '../context.ts'
import { namesOf, type PruneDocument } from './documents.ts'
import type { LeftAlone } from './outcome.ts'
import { planRepository, type RepositoryPlan } from './repository-plan.ts'
import type { RepositoryNames, SelectionOptions } from './selection.ts'
import { blobsBelow } from './walk.ts'

const REPOSITORIES_AT_ONCE = 4

/** How the repositories of a target are planned. */
export interface Planning {
  open(repository: string): ReadableRepository
  readonly options: SelectionOptions
  /** Shared, so that each manifest is read once. */
  readonly read: ManifestReader
  readonly context: Context
}

export interface PlannedRepository {
  readonly name: string
  readonly names: RepositoryNames
  readonly plan: RepositoryPlan
}

export interface PrunePlan {
  readonly repositories: readonly PlannedRepository[]
  readonly leftAlone: readonly LeftAlone[]
}

/** What documents say about a target, by repository. */
export function namesByRepository(
  keep: readonly PruneDocument[],
  mirrored: readonly PruneDocument[],
  to: RegistryPrefix,
): Map<string, RepositoryNames> {
  const of = (documents: readonly PruneDocument[]) =>
    Map.groupBy(
      documents.flatMap(document => namesOf(document, to)),
      ({ repository }) => repository,
    )
  const [kept, known] = [of(keep), of(mirrored)]
  const repositories = [...new Set([...kept.keys(), ...known.keys()])].toSorted()
  return new Map(
    repositories.map(name => [name, { kept: kept.get(name) ?? [], mirrored: known.get(name) ?? [] }]),
  )
}

/** Plans each repository for itself. One that cannot be judged is left alone. */
export async function planPrune(
  names: ReadonlyMap<string, RepositoryNames>,
  planning: Planning,
): Promise<PrunePlan> {
  const leftAlone: LeftAlone[] = []
  const planned = await mapLimited(names, REPOSITORIES_AT_ONCE, async ([name, names]) => {
    try {
      const plan = await planAgain({ name, names }, planning)
      return plan === undefined ? [] : [{ name, names, plan }]
    } catch (thrown) {
      leftAlone.push(leaveAlone(name, thrown))
      return []
    }
  })
  return { repositories: planned.flat(), leftAlone }
}

/** @throws why the repository cannot be judged */
export function planAgain(
  { name, names }: Pick<PlannedRepository, 'name' | 'names'>,
  { open, options, read, context }: Planning,
): Promise<RepositoryPlan | undefined> {
  const reading = { repository: open(name), read, call: { signal: context.signal } }
  return planRepository(reading, names, options, context.now())
}

/** @throws `aborted` */
export function leaveAlone(repository: string, thrown: unknown): LeftAlone {
  const { code, message: reason, hint } = unlessAborted(thrown)
  return { repository, code, reason, ...(hint === undefined ? {} : { hint }) }
}

/** Digests that something which stays names, in any repository. */
export function neededAnywhere({ repositories }: PrunePlan): ReadonlySet<Digest> {
  return new Set(repositories.flatMap(({ plan }) => [...plan.needed]))
}

/** The number of names of kept documents that the target has. */
export function keptNames({ repositories }: PrunePlan): number {
  const ofOne = ({ names, plan }: PlannedRepository) =>
    names.kept.filter(({ tag, digests }) =>
      tag === undefined ? digests.some(digest => plan.kept.has(digest)) : plan.tags.get(tag) !== undefined,
    ).length
  return repositories.reduce((sum, each) => sum + ofOne(each), 0)
}

/** Bytes of the blobs that only doomed manifests have, and of those that remaining manifests share. */
export function bytesOf({ repositories }: PrunePlan): { readonly freed: number; readonly shared: number } {
  const blobs = (manifests: Iterable<{ readonly manifest: Parameters<typeof blobsBelow>[0]['manifest'] }>) =>
    [...manifests].flatMap(node => blobsBelow(node))
  const kept = new Set(
    repositories.flatMap(({ plan }) => blobs(plan.kept.values()).map(({ digest }) => digest)),
  )
  const doomed = new Map(
    repositories.flatMap(({ plan }) =>
      blobs(plan.doomed.values()).map(blob => [blob.digest, blob] as [Digest, Descriptor]),
    ),
  )
  const sum = (isShared: boolean) =>
    [...doomed.values()].reduce(
      (bytes, { digest, size }) => bytes + (kept.has(digest) === isShared ? size : 0),
      0,
    )
  return { freed: sum(false), shared: sum(true) }
}
