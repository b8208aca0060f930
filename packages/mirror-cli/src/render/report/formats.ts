import type { Report } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { renderCsv } from './csv.ts'
import { renderCycloneDx } from './cyclonedx.ts'
import { renderHtml } from './html/page.ts'
import { renderMarkdown } from './markdown.ts'
import { renderSpdx } from './spdx.ts'

const RENDERERS = {
  html: renderHtml,
  markdown: renderMarkdown,
  csv: renderCsv,
  cyclonedx: renderCycloneDx,
  spdx: renderSpdx,
} as const
export type ReportFormat = keyof typeof RENDERERS

export const REPORT_FORMATS = Object.keys(RENDERERS) as ReportFormat[]

export function renderReport(report: Report, format: ReportFormat): string {
  return RENDERERS[format](report)
}

/** The usual ends of file names: https://cyclonedx.org/specification/overview/ and https://spdx.dev/resources/use/ name two of them. */
const ENDINGS: readonly (readonly [RegExp, ReportFormat])[] = [
  [/\.html?$/i, 'html'],
  [/\.(md|markdown)$/i, 'markdown'],
  [/\.csv$/i, 'csv'],
  [/(\.cdx|(^|[/\\.])bom)\.json$/i, 'cyclonedx'],
  [/\.spdx\.json$/i, 'spdx'],
]

/**
 * The format that the name of a file means.
 * @throws `usage`
 */
export function formatOfFile(path: string): ReportFormat {
  const found = ENDINGS.find(([ending]) => ending.test(path))
  if (found !== undefined) return found[1]
  throw new GpregError('usage', `the name ${path} does not say which format is meant`, {
    hint: `name it with --format ${REPORT_FORMATS.join('|')}, or end the name in .html, .md, .csv, .cdx.json or .spdx.json`,
  })
}
