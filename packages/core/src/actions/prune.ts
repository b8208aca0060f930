import { GpregError, type Reference } from '@gpreg/oci'
import { cachingReader, formatPrefix, type Registries, type RegistryPrefix } from '@gpreg/oci/engine'
import type { Context } from '../context.ts'
import { readCatalogue, type CatalogueOutcome } from '../prune/catalogue.ts'
import type { PruneDocument } from '../prune/documents.ts'
import { announce, RepositoryPruning, type Execution, type Pruned } from '../prune/execute.ts'
import { garbageCollectionHint } from '../prune/hints.ts'
import type { Fate, FateTotals, LeftAlone, PruneResult } from '../prune/outcome.ts'
import {
  bytesOf,
  keptNames,
  leaveAlone,
  namesByRepository,
  neededAnywhere,
  planAgain,
  planPrune,
  type PlannedRepository,
  type Planning,
  type PrunePlan,
} from '../prune/plan.ts'
import { Removal } from '../prune/removal.ts'
import type { RepositoryNames, SelectionOptions } from '../prune/selection.ts'

/** What a prune keeps and what it may remove. */
export interface PruneRequest extends SelectionOptions {
  readonly to: RegistryPrefix
  /** Locks and receipts whose images stay, under every name that they may have. At least one. */
  readonly keep: readonly PruneDocument[]
  /** Locks and receipts that say what gpreg has put there: the tags that may go. */
  readonly mirrored: readonly PruneDocument[]
  /** Remove it; default false: the plan is only made. */
  readonly execute?: boolean
  /** The number of tags that the user expects to go. */
  readonly confirm?: number
}

/** The registries as far as a prune needs them. */
export type PruneRegistries = Pick<Registries, 'open' | 'repositories'>

/**
 * Removes from a target what no kept document needs. Everything that stays is read first; what cannot be removed is in the result.
 * @throws `usage` if the number of tags has to be confirmed, `aborted`
 */
export async function pruneTarget(
  request: PruneRequest,
  registries: PruneRegistries,
  context: Context,
): Promise<PruneResult> {
  const started = context.now()
  const { to, keep, mirrored, execute = false } = request
  const access = execute ? 'write' : 'read'
  const planning: Planning = {
    open: name => registries.open('target', nameOf(to, name), access).repository,
    options: request,
    read: cachingReader(),
    context,
  }
  const names = namesByRepository(keep, mirrored, to)
  const catalogue = request.allTags ? await addUnnamed(names, to, registries, context) : undefined
  const plan = await planPrune(names, planning)
  const confirm = toConfirm(plan)
  assertConfirmed(plan, confirm, request)
  const leftAlone = [...plan.leftAlone]
  const pruned = execute
    ? await executePrune(plan, planning, to.host, leftAlone)
    : plan.repositories.map(each => announce(each, to.host))
  const rows = { tags: pruned.flatMap(({ tags }) => tags), manifests: pruned.flatMap(each => each.manifests) }
  return {
    kind: 'PruneResult',
    version: 1,
    target: formatPrefix(to),
    dryRun: !execute,
    ...rows,
    leftAlone: leftAlone.map(each => ({ ...each, repository: `${to.host}/${each.repository}` })),
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(confirm === undefined ? {} : { confirm }),
    ...(rows.manifests.length === 0 ? {} : { garbageCollection: garbageCollectionHint(to.host) }),
    totals: {
      repositories: plan.repositories.length,
      tags: { found: tagsFound(plan), ...count(rows.tags) },
      manifests: count(rows.manifests),
      keptNames: keptNames(plan),
      bytes: bytesOf(plan),
      seconds: (context.now() - started) / 1000,
    },
  }
}

/** Adds the repositories that only the registry knows: every tag may go, so theirs may, too. */
async function addUnnamed(
  names: Map<string, RepositoryNames>,
  to: RegistryPrefix,
  registries: PruneRegistries,
  { signal }: Context,
): Promise<CatalogueOutcome> {
  const { outcome, unnamed } = await readCatalogue(to, new Set(names.keys()), registries, { signal })
  for (const name of unnamed) names.set(name, { kept: [], mirrored: [] })
  return outcome
}

/** Plans each repository again right before its content is removed, because tags may have moved. */
async function executePrune(
  plan: PrunePlan,
  planning: Planning,
  host: string,
  leftAlone: LeftAlone[],
): Promise<Pruned[]> {
  const removal = new Removal({ signal: planning.context.signal })
  const execution: Execution = { host, removal, needed: neededAnywhere(plan) }
  const done: RepositoryPruning[] = []
  for (const repository of plan.repositories.filter(hasWork)) {
    try {
      const fresh = await planAgain(repository, planning)
      if (fresh === undefined) continue
      const pruning = new RepositoryPruning(repository, fresh, execution)
      await pruning.run()
      done.push(pruning)
    } catch (thrown) {
      leftAlone.push(leaveAlone(repository.name, thrown))
    }
  }
  for (const pruning of done) await pruning.retry()
  return done.map(pruning => pruning.rows())
}

function hasWork({ plan }: PlannedRepository): boolean {
  return plan.doomedTags.size > 0 || plan.doomed.size > 0
}

function tagsFound({ repositories }: PrunePlan): number {
  return repositories.reduce((sum, { plan }) => sum + plan.tags.size, 0)
}

function tagsToGo({ repositories }: PrunePlan): number {
  return repositories.reduce((sum, { plan }) => sum + plan.doomedTags.size, 0)
}

/** The number of tags that the user must name before they go, if the plan looks like a mistake. */
function toConfirm(plan: PrunePlan): PruneResult['confirm'] {
  const [tags, found] = [tagsToGo(plan), tagsFound(plan)]
  if (!plan.repositories.some(hasWork)) return undefined
  if (keptNames(plan) === 0) return { tags, reason: 'no image of the kept documents is at the target' }
  return tags > found / 2 ? { tags, reason: `${tags} of ${found} tags would go` } : undefined
}

function assertConfirmed(
  plan: PrunePlan,
  needed: PruneResult['confirm'],
  { execute, confirm }: PruneRequest,
): void {
  if (!execute) return
  const tags = tagsToGo(plan)
  if (confirm === undefined ? needed === undefined : confirm === tags) return
  const reason = needed?.reason ?? `${tags} tags would go`
  throw new GpregError('usage', confirm === undefined ? reason : `${reason}, not ${confirm}`, {
    hint: `look at the plan, which is shown without --yes; if it is meant, add --confirm ${tags}`,
  })
}

function count(rows: readonly { readonly status: Fate }[]): FateTotals {
  const of = (fate: Fate) => rows.filter(({ status }) => status === fate).length
  return { toRemove: of('to-remove'), removed: of('removed'), left: of('left'), failed: of('failed') }
}

function nameOf({ host }: RegistryPrefix, repository: string): Reference {
  return { host, repository }
}
