import type { Report, ReportedImage } from '@gpreg/core'
import { describeChange, describeReferrers, STATES } from './words.ts'

type Cell = string | number | undefined

const COLUMNS: readonly (readonly [string, (image: ReportedImage) => Cell])[] = [
  ['source', image => image.source],
  ['target', image => image.target],
  ['digest', image => image.digest],
  ['platforms', image => image.platforms.join(' ')],
  ['bytes', image => image.size],
  ['created', image => image.created],
  ['licenses', image => image.licenses],
  ['signatures', describeReferrers],
  ['signer', ({ signer }) => (signer?.by === 'key' ? signer.key : signer?.identity)],
  ['issuer', ({ signer }) => (signer?.by === 'identity' ? signer.issuer : undefined)],
  ['purpose', image => image.purpose],
  ['why', image => image.origins.join(' ')],
  ['state', image => STATES[image.state].word],
  ['change', describeChange],
  ['before', image => image.before ?? undefined],
  ['sent', image => image.bytes?.sent],
  ['mounted', image => image.bytes?.mounted],
  ['present', image => image.bytes?.present],
  ['problems', image => image.problems.map(({ message }) => message).join('; ')],
]

/** One line an image, as RFC 4180 wants it: https://www.rfc-editor.org/rfc/rfc4180 */
export function renderCsv({ images }: Report): string {
  const rows = [COLUMNS.map(([name]) => name), ...images.map(image => COLUMNS.map(([, of]) => of(image)))]
  return rows.map(cells => `${cells.map(formatCell).join(',')}\r\n`).join('')
}

/**
 * A cell that spreadsheet programs show as it is. A text that they would take for a formula gets an apostrophe before it:
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
function formatCell(value: Cell = ''): string {
  const text = typeof value === 'string' && /^\s*[=+\-@|\t\r\n]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
