import type { PruneResult } from '@gpreg/core'
import { causeOf } from '../render/error/cause.ts'
import { plain, type Paint, type Style } from '../render/text/paint.ts'
import { count, formatBytes } from '../render/text/units.ts'

const WORDS = { 'to-remove': 'would remove', removed: 'removed', left: 'left', failed: 'failed' } as const
const STYLES: Readonly<Record<keyof typeof WORDS, Style>> = {
  'to-remove': 'yellow',
  removed: 'yellow',
  left: 'dim',
  failed: 'red',
}

/** A row for each tag, what could not be done, then the totals and the next step. */
export function renderPrune(result: PruneResult, paint: Paint = plain): string {
  const { tags, manifests, leftAlone, catalogue, totals, dryRun, confirm, garbageCollection } = result
  const untold = manifests.filter(({ status }) => status === 'failed')
  const hints = new Set([...tags, ...manifests].flatMap(({ error }) => error?.hint ?? []))
  return [
    ...tags.map(({ tag, status, reason, error }) => {
      const why = error?.message ?? reason
      return `${paint(STYLES[status], WORDS[status])} ${tag}${why === undefined ? '' : `: ${why}`}`
    }),
    ...untold.map(({ manifest, error }) => `${paint('red', 'failed')} ${manifest}: ${error?.message}`),
    ...renderLeftAlone(leftAlone, paint),
    ...renderCatalogue(catalogue, paint),
    ...[...hints].map(hint => `${paint('cyan', 'hint:')} ${hint}`),
    ...renderTotals(totals, dryRun),
    ...renderAddress(result, paint),
    ...(garbageCollection === undefined ? [] : [garbageCollection]),
    ...(confirm === undefined || !dryRun
      ? []
      : [`${paint('cyan', 'hint:')} ${confirm.reason}: --yes wants --confirm ${confirm.tags}`]),
  ].join('\n')
}

/** Repositories of one reason that are named; the others are counted. */
const NAMED = 3

/** What is left alone for one reason, such as a registry that does not answer, has its hint once. */
function renderLeftAlone(leftAlone: PruneResult['leftAlone'], paint: Paint): string[] {
  const groups = Map.groupBy(leftAlone, ({ reason, ...rest }) => causeOf({ ...rest, message: reason }))
  return [...groups.values()].flatMap(group => {
    const more = group.length - NAMED
    const { hint } = group[0] ?? {}
    return [
      ...group
        .slice(0, NAMED)
        .map(({ repository, reason }) => `${paint('yellow', 'left alone')} ${repository}: ${reason}`),
      ...(more > 0 ? [`       and ${more} more for the same reason, all in the answer of --json`] : []),
      ...(hint === undefined ? [] : [`       ${paint('cyan', 'hint:')} ${hint}`]),
    ]
  })
}

function renderCatalogue(catalogue: PruneResult['catalogue'], paint: Paint): string[] {
  if (catalogue?.read === false)
    return [
      `${paint('yellow', 'passed over')} ${catalogue.reason}`,
      `       ${paint('cyan', 'hint:')} ${catalogue.hint}`,
    ]
  if (catalogue === undefined || catalogue.unnamed === 0) return []
  return [`repositories that no document names, by the catalogue of the registry: ${catalogue.unnamed}`]
}

function renderTotals({ tags, manifests, bytes }: PruneResult['totals'], dryRun: boolean): string[] {
  const [gone, verb] = dryRun ? ([tags.toRemove, 'would go'] as const) : ([tags.removed, 'removed'] as const)
  const goneManifests = dryRun ? manifests.toRemove : manifests.removed
  return [
    `${gone} of ${count(tags.found, 'tag')} ${verb}, ${count(goneManifests, 'manifest')}, ` +
      `${tags.left} left, ${tags.failed} failed`,
    `blobs that only they have: ${formatBytes(bytes.freed)}; shared with what remains: ${formatBytes(bytes.shared)}`,
  ]
}

/** A mistyped address has nothing to remove either, and would pass for a registry that is clean. */
function renderAddress({ target, leftAlone, confirm, totals }: PruneResult, paint: Paint): string[] {
  if (totals.keptNames > 0 || leftAlone.length > 0 || confirm !== undefined) return []
  return [
    `${paint('yellow', 'warning:')} no image of the kept documents is at ${target}`,
    `${paint('cyan', 'hint:')} check the address and --keep: gpreg verify --lock FILE --to ${target} shows what is there`,
  ]
}
