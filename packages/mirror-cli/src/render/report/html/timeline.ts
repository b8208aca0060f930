import type { Report, ReportedImage } from '@gpreg/core'
import { count, formatBytes, formatSeconds } from '../../text/units.ts'
import { formatMoment } from '../words.ts'
import { html, percent, type Markup } from './markup.ts'

interface Bar {
  readonly name: string
  readonly from: string
  /** milliseconds since the epoch */
  readonly started: number
  readonly finished: number
  readonly bytes: number
}

/** Lanes of one host, and bars of the whole picture: more could not be told apart. The longest are shown. */
const LANES = 16
const BARS = 600
const LANE = 9

/** When each image was copied, by the host that it came from. An image lasts from its first blob to its tag. */
export function renderTimeline({ images }: Report): Markup | undefined {
  const all = images.flatMap(barOf)
  const bars = all.toSorted((a, b) => b.finished - b.started - (a.finished - a.started)).slice(0, BARS)
  if (bars.length === 0) return undefined
  const first = Math.min(...bars.map(({ started }) => started))
  const last = Math.max(...bars.map(({ finished }) => finished))
  const hosts = [...Map.groupBy(bars, ({ from }) => from)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const seconds = (last - first) / 1000
  return html`<section aria-labelledby="times">
    <h2 id="times">When it came, and from where</h2>
    <p>
      From
      <time datetime="${new Date(first).toISOString()}">${formatMoment(new Date(first).toISOString())}</time>
      on, for ${formatSeconds(seconds)}. A line is an image, from its first blob to its tag.
    </p>
    ${hosts.map(([host, own]) => renderHost(host, own, first, last - first))}
    <p class="axis">
      <span>0</span><span>${formatSeconds(seconds / 2)}</span><span>${formatSeconds(seconds)}</span>
    </p>
    ${all.length > bars.length ? html`<p class="note">The ${bars.length} longest of ${all.length} copies are shown.</p>` : undefined}
  </section>`
}

function barOf(image: ReportedImage): Bar[] {
  const { copy, bytes } = image
  if (copy === undefined) return []
  const name = image.target ?? image.source ?? ''
  const [started, finished] = [Date.parse(copy.started), Date.parse(copy.finished)]
  return [{ name, from: copy.from, started, finished, bytes: bytes?.sent ?? 0 }]
}

function renderHost(host: string, bars: readonly Bar[], first: number, span: number): Markup {
  const lanes = placeInLanes(bars)
  const bytes = bars.reduce((sum, bar) => sum + bar.bytes, 0)
  const height = LANE * Math.min(LANES, Math.max(...lanes.map(({ lane }) => lane + 1)))
  return html`<figure class="lane">
    <figcaption><code>${host}</code> ${count(bars.length, 'image')}, ${formatBytes(bytes)} sent</figcaption>
    <svg class="bar" height="${height}" role="img" aria-label="${count(bars.length, 'image')} from ${host}">
      ${lanes.map(
        ({ bar, lane }) =>
          html`<rect
            class="own"
            x="${percent(bar.started - first, span)}"
            y="${LANE * lane + 1}"
            width="${percent(Math.max(bar.finished - bar.started, span / 300), span)}"
            height="${LANE - 2}"
            ><title>${bar.name}, ${formatSeconds((bar.finished - bar.started) / 1000)}</title></rect
          >`,
      )}
    </svg>
  </figure> `
}

/** Gives each bar the first lane that is free when it starts; beyond the last lane, bars lie on others. */
function placeInLanes(bars: readonly Bar[]): { readonly bar: Bar; readonly lane: number }[] {
  const free: number[] = []
  return bars
    .toSorted((a, b) => a.started - b.started)
    .map((bar, index) => {
      const found = free.findIndex(end => end <= bar.started)
      const lane = found !== -1 ? found : free.length < LANES ? free.length : index % LANES
      free[lane] = bar.finished
      return { bar, lane }
    })
}
