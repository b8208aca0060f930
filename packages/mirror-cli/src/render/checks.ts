import type { Check } from '@gpreg/core'
import type { Paint, Style } from './text/paint.ts'

const STATUSES: Readonly<Record<Check['status'], Style>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  skipped: 'dim',
}

/** One row for each check, with its hint below. */
export function renderChecks(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .flatMap(({ name, status, detail, hint }) => [
      `${paint(STATUSES[status], status.padEnd(7))} ${`${name.padEnd(width)}  ${detail ?? ''}`.trimEnd()}`,
      ...(hint === undefined ? [] : [`        ${paint('cyan', 'hint:')} ${hint}`]),
    ])
    .join('\n')
}
