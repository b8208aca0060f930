import type { Report } from '@gpreg/core'
import { plain, type Paint } from '../text/paint.ts'
import type { ReportFormat } from './formats.ts'
import { verdictOf } from './words.ts'

/** The answer of `gpreg report --json`. */
export interface ReportResult {
  readonly kind: 'ReportResult'
  readonly version: 1
  /** `-` is stdout */
  readonly path: string
  /** the report itself, if it goes to stdout */
  readonly text?: string
  readonly format: ReportFormat
  /** the result in one sentence */
  readonly verdict: string
  readonly totals: Report['totals']
}

export function describeReport(report: Report, format: ReportFormat, path: string): ReportResult {
  const { totals } = report
  return { kind: 'ReportResult', version: 1, path, format, verdict: verdictOf(report), totals }
}

export function renderReportLine({ path, verdict, totals }: ReportResult, paint: Paint = plain): string {
  return `${path}: ${totals.bad === 0 ? verdict : paint('red', verdict)}`
}
