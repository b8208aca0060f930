import type { Report } from '@gpreg/core'
import { formatBytes } from '../../text/units.ts'
import { describeRun, formatMoment } from '../words.ts'
import { html, tableHead, type Markup } from './markup.ts'

/** What was done, when and with which version. */
export function renderRuns({ runs }: Report): Markup {
  const moment = (iso?: string) =>
    iso === undefined ? '–' : html`<time datetime="${iso}">${formatMoment(iso)}</time>`
  return html`<section aria-labelledby="runs">
    <h2 id="runs">What was done</h2>
    <table class="cards">
      ${tableHead('What', 'Result', 'From', 'To', 'With', 'Document')}
      <tbody>
        ${runs.map(run => {
          const { action, detail } = describeRun(run)
          return html`<tr>
            <th scope="row">${action}</th>
            <td data-label="Result">${detail}</td>
            <td data-label="From">${moment(run.started)}</td>
            <td data-label="To">${moment(run.finished)}</td>
            <td data-label="With">${run.tool ?? '–'}</td>
            <td data-label="Document"><code>${run.document}</code></td>
          </tr> `
        })}
      </tbody>
    </table>
  </section>`
}

/** The files of a bundle with their checksums, as `sha256sum` prints them. */
export function renderFiles({ files }: Report): Markup | undefined {
  if (files.length === 0) return undefined
  return html`<section aria-labelledby="files">
    <h2 id="files">Files of the bundle</h2>
    <table class="cards">
      ${tableHead('File', 'Size', 'SHA-256')}
      <tbody>
        ${files.map(
          ({ name, size, sha256 }) =>
            html`<tr>
              <th scope="row"><code>${name}</code></th>
              <td data-label="Size" class="number">${formatBytes(size)}</td>
              <td data-label="SHA-256"><code class="long">${sha256 ?? 'not told'}</code></td>
            </tr> `,
        )}
      </tbody>
    </table>
  </section>`
}
