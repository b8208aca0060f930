import type { Lock, LockResult } from '@gpreg/core'
import type { GpregError } from '@gpreg/oci'
import { renderFailures } from './mirror.ts'
import { plain, type Paint } from './text/paint.ts'
import { count } from './text/units.ts'

/** The answer of `gpreg lock --json`; `path` is absent if no lock was written. */
export interface LockDocument {
  readonly kind: 'LockResult'
  readonly version: 1
  readonly path?: string
  readonly images: number
  readonly failed: readonly { readonly source: string; readonly error: GpregError }[]
}

export function lockDocument(lock: Lock, failed: LockResult['failed'], path?: string): LockDocument {
  return {
    kind: 'LockResult',
    version: 1,
    ...(path === undefined ? {} : { path }),
    images: lock.images.length,
    failed,
  }
}

export function renderLock({ path, images }: LockDocument): string {
  return `${path}: ${count(images, 'image')} pinned`
}

/** The failures because of which no lock was written. */
export function renderUnresolved(failed: LockResult['failed'], paint: Paint = plain): string {
  return [
    ...renderFailures(
      failed.map(({ source, error }) => ({ source, status: 'failed', error })),
      paint,
    ),
    `${paint('red', 'error:')} ${count(failed.length, 'image')} could not be resolved, so no lock was written`,
    `${paint('cyan', 'hint:')}  leave them out with --exclude, or read them from elsewhere with --source-mirror`,
  ].join('\n')
}
