import type { GarbageResult } from '@gpreg/core'
import { count, formatBytes } from '../render/text/units.ts'

export function renderGarbage({ directory, dryRun, totals }: GarbageResult): string {
  const what = `${count(totals.removed, 'blob')} (${formatBytes(totals.bytes)})`
  return `${dryRun ? 'would remove' : 'removed'} ${what} from ${directory}; ${totals.kept} stay`
}
