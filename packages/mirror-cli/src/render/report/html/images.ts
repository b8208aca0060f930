import type { Report, ReportedImage } from '@gpreg/core'
import { formatBytes } from '../../text/units.ts'
import { describeChange, describeReferrers, describeSigned, formatDay, nameOf, STATES } from '../words.ts'
import { breakable, html, tableHead, type Markup } from './markup.ts'

/** Rows of one table. A browser lays out only the tables in view, so the first paint does not wait for thousands of rows. */
const ROWS = 50

/** Every image, in tables of equal columns, with a field that filters them. */
export function renderImages({ images }: Report): Markup {
  const groups = Array.from({ length: Math.ceil(images.length / ROWS) }, (_, index) =>
    images.slice(index * ROWS, (index + 1) * ROWS),
  )
  return html`<section aria-labelledby="images">
    <h2 id="images" tabindex="-1">Images</h2>
    <p class="filter" hidden>
      <label for="filter">Show only rows with</label>
      <input
        id="filter"
        type="search"
        autocomplete="off"
        spellcheck="false"
        placeholder="a name, a digest, “failed”"
      />
      <output for="filter" aria-live="polite"></output>
    </p>
    ${groups.map(
      (group, index) =>
        html`<div class="rows">
          <table class="cards images">
            <caption>
              Images ${index * ROWS + 1} to ${index * ROWS + group.length} of ${images.length}
            </caption>
            ${tableHead('Image', 'Platforms', 'Size', 'Built', 'Signatures', 'Why', 'State')}
            <tbody>
              ${group.map(renderImage)}
            </tbody>
          </table>
        </div> `,
    )}
  </section>`
}

function renderImage(image: ReportedImage): Markup {
  const { source, target, digest, size, created, licenses, state } = image
  const { mark, word } = STATES[state]
  const change = describeChange(image)
  const signed = describeSigned(image)
  return html`<tr>
    <th scope="row">
      <code>${nameOf(image)}</code>${
        target === undefined || source === undefined
          ? undefined
          : html`<span>from <code>${source}</code></span>`
      }${digest === undefined ? undefined : html`<span><code>${digest}</code></span>`}
    </th>
    <td data-label="Platforms">${image.platforms.join(', ') || '–'}</td>
    <td data-label="Size" class="number">${size === undefined ? '–' : formatBytes(size)}</td>
    <td data-label="Built">
      ${
        created === undefined ? '–' : formatDay(created)
      }${licenses === undefined ? undefined : html`<span>${licenses}</span>`}
    </td>
    <td data-label="Signatures">
      ${
        describeReferrers(image) || 'not looked for'
      }${signed === '' ? undefined : html`<span class="good">✓ ${breakable(signed)}</span>`}
    </td>
    <td data-label="Why">${breakable(image.origins.join(', ') || '–')}</td>
    <td data-label="State" class="${image.isGood ? 'good' : 'bad'}">
      ${mark} ${word}${change === '' ? undefined : html`<span>${change}</span>`}
    </td>
  </tr> `
}
