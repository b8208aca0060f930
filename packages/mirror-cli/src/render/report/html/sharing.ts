import type { Report } from '@gpreg/core'
import { count, formatBytes } from '../../text/units.ts'
import { findSharing, total, type SharedBlob, type Sharing, type SharingImage } from '../sharing.ts'
import { shortDigest } from '../words.ts'
import { html, percent, tableHead, type Markup } from './markup.ts'

/** The largest images, and the blobs that save most, that the pictures show. */
const IMAGES = 15
const BLOBS = 8

/** Where the bytes are, and what is saved because images share layers. Lengths are also told as text. */
export function renderSharing({ images }: Report): Markup | undefined {
  const sharing = findSharing(images)
  if (sharing.images.length < 2) return undefined
  return html`<section aria-labelledby="bytes">
    <h2 id="bytes">Where the bytes are</h2>
    ${renderSaving(sharing)}
    <h3>The largest images</h3>
    <p class="legend">
      <span
        ><svg width="14" height="10" aria-hidden="true"><rect class="own" width="14" height="10" /></svg> only
        this image has it</span
      >
      <span
        ><svg width="14" height="10" aria-hidden="true"><rect class="shared" width="14" height="10" /></svg>
        other images have it, too</span
      >
    </p>
    <ul class="bars">
      ${sharing.images.slice(0, IMAGES).map(image => renderBar(image, sharing.images[0]))}
    </ul>
    ${sharing.images.length > IMAGES ? html`<p class="note">and ${sharing.images.length - IMAGES} smaller ones</p>` : undefined}
    ${sharing.blobs.length === 0 ? undefined : renderMap(sharing.blobs.slice(0, BLOBS), sharing)}
  </section>`
}

function renderSaving({ alone, together, images }: Sharing): Markup {
  const saved = alone - together
  return html`<ul class="bars saving">
      <li>
        <span class="name">${count(images.length, 'image')}, each by itself</span
        ><span class="value">${formatBytes(alone)}</span
        ><svg class="bar" height="14" aria-hidden="true">
          <rect class="shared" width="100%" height="14" />
        </svg>
      </li>
      <li>
        <span class="name">together, every layer once</span><span class="value">${formatBytes(together)}</span
        ><svg class="bar" height="14" aria-hidden="true">
          <rect class="own" width="${percent(together, alone)}" height="14" />
        </svg>
      </li>
    </ul>
    <p>
      ${saved === 0 ? 'The images share nothing.' : html`Sharing saves <strong>${formatBytes(saved)}</strong>, ${percent(saved, alone).replace(/\.\d+/, '')} of what the images are one by one.`}
    </p>`
}

function renderBar(image: SharingImage, largest: SharingImage | undefined): Markup {
  const most = largest === undefined ? 0 : total(largest)
  const { own, shared, name } = image
  return html`<li>
    <span class="name"><code>${name}</code></span
    ><span class="value"
      >${formatBytes(total(image))}<span class="note"> ${formatBytes(shared)} shared</span></span
    ><svg class="bar" height="10" aria-hidden="true">
      <rect class="own" width="${percent(own, most)}" height="10" />
      <rect class="shared" x="${percent(own, most)}" width="${percent(shared, most)}" height="10" />
    </svg>
  </li> `
}

/** Who shares what: the blobs that save most, and the images that have them. */
function renderMap(blobs: readonly SharedBlob[], { blobs: all }: Sharing): Markup {
  const letters = blobs.map((_, index) => String.fromCharCode(65 + index))
  const users = new Map<SharingImage, number>()
  for (const { images } of blobs) for (const image of images) users.set(image, (users.get(image) ?? 0) + 1)
  const rows = [...users].toSorted(([, a], [, b]) => b - a).map(([image]) => image)
  return html`<h3>Who shares what</h3>
    <div class="pair">
      <table class="letters">
        <caption>
          The layers that save most, of ${all.length} shared
        </caption>
        ${tableHead('Layer', 'Size', 'Images', 'Saves')}
        <tbody>
          ${blobs.map(
            ({ digest, size, images, saved }, index) =>
              html`<tr>
                <th scope="row">${letters[index]} <code>${shortDigest(digest).slice(7)}</code></th>
                <td class="number">${formatBytes(size)}</td>
                <td class="number">${images.length}</td>
                <td class="number">${formatBytes(saved)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <table class="map">
        <caption>
          The images that have them
        </caption>
        <thead>
          <tr>
            <th scope="col">Image</th>
            ${letters.map(letter => html`<th scope="col">${letter}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, IMAGES).map(
            image =>
              html`<tr>
                <th scope="row"><code>${image.name}</code></th>
                ${blobs.map(({ images }) => html`<td>${images.includes(image) ? '●' : ''}</td>`)}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length > IMAGES ? html`<p class="note">and ${rows.length - IMAGES} more images</p>` : undefined}`
}
