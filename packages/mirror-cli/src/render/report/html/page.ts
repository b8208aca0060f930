import { createHash } from 'node:crypto'
import type { Report } from '@gpreg/core'
import { figuresOf, formatMoment, isAllGood, nameOf, problemsOf, shortDigest, verdictOf } from '../words.ts'
import { renderImages } from './images.ts'
import { html, Markup } from './markup.ts'
import { renderFiles, renderRuns } from './runs.ts'
import { SCRIPT } from './script.ts'
import { renderSharing } from './sharing.ts'
import { STYLE } from './style.ts'
import { renderTimeline } from './timeline.ts'

/** The report as one page that needs nothing else: no font, no picture and no script comes from anywhere. */
export function renderHtml(report: Report): string {
  const sections = [
    renderProblems(report),
    renderRuns(report),
    renderSharing(report),
    renderTimeline(report),
    renderImages(report),
    renderFiles(report),
  ]
  // The policy names the one style and the one script by their hashes, so nothing that a document says can ever run.
  const policy = `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; img-src data:; base-uri 'none'; form-action 'none'`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${report.title}</title>
        <link rel="icon" href="data:," />
        ${new Markup(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <a class="skip" href="#images">Skip to the images</a>
        <main>${renderHead(report)} ${sections}</main>
        <footer>
          Made from
          ${report.runs.map(({ document }, index) => html`${index === 0 ? '' : ', '}<code>${document}</code>`)}.
          Everything on this page comes from these documents; it loads nothing. Sizes are those of the stored,
          compressed content; times are UTC.
        </footer>
        ${new Markup(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `.text
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function renderHead(report: Report): Markup {
  const { title, date, by, targets, runs } = report
  const tools = [...new Set(runs.flatMap(({ tool }) => tool ?? []))]
  const facts = [
    ...(date === undefined ? [] : [html`<time datetime="${date}">${formatMoment(date)}</time>`]),
    ...(by === undefined ? [] : [html`by ${by}`]),
    ...(tools.length === 0 ? [] : [html`with ${tools.join(', ')}`]),
    ...(targets.length === 0
      ? []
      : [html`in ${targets.map((each, index) => html`${index === 0 ? '' : ', '}<code>${each}</code>`)}`]),
  ]
  const isGood = isAllGood(report)
  return html`<header>
    <h1>${title}</h1>
    <p class="facts">${facts.map(fact => html`<span>${fact}</span>`)}</p>
    <p class="verdict ${isGood ? 'good' : 'bad'}">
      <span class="mark" aria-hidden="true">${isGood ? '✓' : '✗'}</span> ${verdictOf(report)}.
    </p>
    <dl class="figures">
      ${figuresOf(report).map(
        ({ label, value, note }) =>
          html`<div>
            <dt>${label}</dt>
            <dd>${value}</dd>
            <dd class="note">${note}</dd>
          </div>`,
      )}
    </dl>
  </header>`
}

/** Images of one cause that are named; the table below has them all. */
const NAMED = 12

function renderProblems(report: Report): Markup | undefined {
  const problems = problemsOf(report)
  if (problems.length === 0) return undefined
  return html`<section aria-labelledby="problems">
    <h2 id="problems">What is not all right</h2>
    ${problems.map(
      ({ cause, hint, images }) =>
        html`<article class="problem">
          <h3>${cause}</h3>
          ${hint === undefined ? undefined : html`<p>Next step: ${hint}</p>`}
          <ul>
            ${images
              .slice(0, NAMED)
              .map(
                image =>
                  html`<li>
                    <code>${nameOf(image)}</code
                    >${image.digest === undefined ? '' : ` ${shortDigest(image.digest)}`}
                  </li>`,
              )}
          </ul>
          ${images.length > NAMED ? html`<p>and ${images.length - NAMED} more, marked in the table</p>` : undefined}
        </article>`,
    )}
  </section>`
}
