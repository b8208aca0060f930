import type { DoctorResult, PurposeVerdict } from '@gpreg/core'
import { renderChecks } from './checks.ts'
import { plain, type Paint } from './text/paint.ts'

export function renderDoctor({ registry, checks, purposes }: DoctorResult, paint: Paint = plain): string {
  return [
    renderChecks(checks, paint),
    '',
    ...purposes.map(verdict => `${registry} ${renderVerdict(verdict, paint)}`),
  ].join('\n')
}

function renderVerdict({ purpose, status, blockedBy }: PurposeVerdict, paint: Paint): string {
  if (status === 'ok') return `${paint('green', 'can serve')} ${purpose}`
  return `${paint('red', 'cannot serve')} ${purpose}: see ${blockedBy.join(', ')}`
}
