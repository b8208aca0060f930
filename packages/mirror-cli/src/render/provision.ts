import type { Action, Change, Check, Goal } from '@gpreg/core'
import { renderChecks } from './checks.ts'
import { plain, type Paint, type Style } from './text/paint.ts'

/** The answer of `gpreg provision CLOUD --json`. No secret is in it. */
export interface ProvisionDocument {
  readonly kind: 'ProvisionResult'
  readonly version: 1
  readonly cloud: 'aws' | 'azure' | 'gcp'
  readonly goal: Goal
  readonly dryRun: boolean
  readonly changes: readonly Change[]
  readonly checks: readonly Check[]
  /** facts and further steps for the user */
  readonly notes: readonly string[]
  readonly files?: { readonly provision: string; readonly secrets?: string }
  /** commands that follow */
  readonly next: readonly string[]
}

const ACTIONS: Readonly<Record<Action, Style>> = {
  create: 'green',
  update: 'yellow',
  delete: 'red',
  keep: 'dim',
}

export function renderProvision(document: ProvisionDocument, paint: Paint = plain): string {
  const { changes, checks, notes, files, next } = document
  return [
    renderChanges(changes, paint),
    ...(checks.length === 0 ? [] : ['', renderChecks(checks, paint)]),
    ...notes.map(note => `note:    ${note}`),
    ...(files === undefined ? [] : [`written: ${Object.values(files).join(', ')}`]),
    ...next.map(command => `next:    ${command}`),
  ].join('\n')
}

export function renderChanges(changes: readonly Change[], paint: Paint = plain): string {
  return changes
    .map(
      ({ resource, action, reason }) => `${paint(ACTIONS[action], action.padEnd(6))} ${resource}: ${reason}`,
    )
    .join('\n')
}
