import type { Action, Change, Check, Goal, ProvisionedChoice } from '@gpreg/core'
import { renderChecks } from './checks.ts'
import { plain, type Paint, type Style } from './text/paint.ts'
import { quote } from './text/shell.ts'

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

/**
 * The command that follows. It names the bucket of an object storage that was not made here: by default that would be the bucket
 * of the registry, with a key that is for the registry alone.
 * @param file what was made
 */
export function valuesStep(choice: ProvisionedChoice, file: string): string {
  const isStorageMissing = choice.kind === 'aws' && choice.storageBucket === undefined
  const storage = isStorageMissing ? ' --storage-bucket NAME --storage-credentials FILE' : ''
  return `gpreg values ${choice.kind} --from ${quote(file)} --domain DOMAIN${storage} -o gitpod.config.yaml --secrets DIR`
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
