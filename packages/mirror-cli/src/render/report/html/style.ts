/** The style of the page. Colours say nothing that a word or a mark does not say, and all have a contrast of at least 4.5 to 1. */
export const STYLE = `
:root {
  --paper: #fff; --raised: #f6f7f9; --ink: #1a1d21; --soft: #545c66; --line: #dde1e6;
  --own: #2f5fd0; --shared: #a9bff0; --good: #0b6b35; --good-paper: #e8f5ec; --bad: #a8200d; --bad-paper: #fdecea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12151a; --raised: #1b2027; --ink: #e8eaed; --soft: #a6afba; --line: #313842;
    --own: #7ea2f7; --shared: #3d5590; --good: #6fd39a; --good-paper: #12291c; --bad: #ff9c8f; --bad-paper: #34160f;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
main, footer { max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 3rem); }
.skip { position: absolute; left: -99rem; padding: .5rem 1rem; background: var(--paper); color: var(--ink); }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; }
:focus-visible { outline: 3px solid var(--own); outline-offset: 2px; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: clamp(1.4rem, 1rem + 2vw, 2.5rem); letter-spacing: -.02em; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; letter-spacing: -.01em; margin: 0 0 1rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
p { margin: 0 0 .75rem; max-width: 70ch; overflow-wrap: anywhere; }
code { font: .92em/1.45 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
header { padding: clamp(2rem, 6vw, 4rem) 0 0; }
section { padding: 2.25rem 0 0; margin: 2.25rem 0 0; border-top: 1px solid var(--line); }
footer { padding-top: 2rem; padding-bottom: 3rem; color: var(--soft); font-size: .87rem; overflow-wrap: anywhere; }
.facts { color: var(--soft); display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; max-width: none; }
.note, caption, figcaption { color: var(--soft); }
.verdict { display: flex; gap: .7rem; align-items: baseline; margin: 1.5rem 0; padding: .9rem 1.2rem; border-radius: .6rem; border: 1px solid; font-size: 1.15rem; font-weight: 600; max-width: none; }
.verdict.good { background: var(--good-paper); }
.verdict.bad { background: var(--bad-paper); }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 0; }
.figures div { background: var(--raised); border-radius: .6rem; padding: .9rem 1.1rem; }
dt { color: var(--soft); font-size: .87rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; line-height: 1.3; }
dd.note { font-size: .84rem; font-weight: 400; letter-spacing: 0; }
.problem { border-left: 4px solid var(--bad); padding: .1rem 0 .1rem 1.1rem; margin: 0 0 1.25rem; }
.problem h3 { margin-top: 0; }
.problem ul { margin: 0 0 .5rem; padding-left: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; padding: .25rem 0 .5rem; font-size: .84rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: .8rem; white-space: nowrap; overflow-wrap: normal; }
tbody th code { font-weight: 600; }
tbody th span, td span { display: block; color: var(--soft); font-size: .87rem; font-weight: 400; }
tbody th span code { font-weight: 400; }
.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.images { table-layout: fixed; }
.images thead th:nth-child(1) { width: 32%; }
.images thead th:nth-child(2) { width: 10%; }
.images thead th:nth-child(3) { width: 7%; }
.images thead th:nth-child(4) { width: 10%; }
.images thead th:nth-child(5) { width: 14%; }
.images thead th:nth-child(6) { width: 15%; }
.images thead th:nth-child(7) { width: 12%; }
.rows { content-visibility: auto; contain-intrinsic-size: auto 5000px; }
.rows + .rows { margin-top: 1.5rem; }
.filter { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; max-width: none; }
.filter[hidden] { display: none; }
input { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--soft); border-radius: .4rem; padding: .4rem .7rem; width: min(22rem, 100%); }
input::placeholder { color: var(--soft); opacity: 1; }
.bars { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: .55rem; }
.bars li { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; break-inside: avoid; }
.bars .name { overflow-wrap: anywhere; min-width: 0; }
.bars .value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: block; width: 100%; grid-column: 1 / -1; background: var(--raised); border-radius: 3px; }
.own { fill: var(--own); }
.shared { fill: var(--shared); stroke: var(--own); stroke-width: 1; stroke-dasharray: 3 2; }
.legend { color: var(--soft); font-size: .87rem; }
.legend span { display: inline-block; margin-right: 1rem; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem 3rem; align-items: start; }
.map td, .map thead th:not(:first-child) { text-align: center; padding-left: 0; padding-right: 0; width: 1.9rem; color: var(--own); overflow-wrap: normal; }
.map thead th:not(:first-child) { color: var(--ink); }
.lane { margin: 0 0 1rem; break-inside: avoid; }
.lane figcaption { font-size: .87rem; margin-bottom: .25rem; overflow-wrap: anywhere; }
.lane code { color: var(--ink); }
.axis { display: flex; justify-content: space-between; max-width: none; color: var(--soft); font-size: .84rem; border-top: 1px solid var(--line); font-variant-numeric: tabular-nums; }
@media screen and (max-width: 30rem) { .bars li { grid-template-columns: minmax(0, 1fr); } }
@media (min-width: 60rem) { .pair { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); } }
@media screen and (max-width: 56rem) {
  .cards, .cards tbody, .cards tr, .cards th, .cards td, .cards caption { display: block; }
  .cards thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .cards tr { border-bottom: 1px solid var(--line); padding: .75rem 0; }
  .cards tr[hidden] { display: none; }
  .cards tbody th, .cards td { border: 0; padding: .1rem 0; width: auto; }
  .cards td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); column-gap: .75rem; }
  .cards td::before { content: attr(data-label); color: var(--soft); font-weight: 400; }
  .cards td span { grid-column: 2; }
  .rows { contain-intrinsic-size: auto 14000px; }
}
@media print {
  :root {
    --paper: #fff; --raised: #f3f4f6; --ink: #000; --soft: #444b54; --line: #c9ced4;
    --own: #2f5fd0; --shared: #c9d6f5; --good: #0b6b35; --good-paper: #fff; --bad: #a8200d; --bad-paper: #fff;
  }
  @page { size: A4 landscape; margin: 14mm 12mm; }
  html { color-scheme: light; font-size: 8.5pt; }
  body { font-size: .94rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  section { margin-top: 1.2rem; padding-top: 1.2rem; }
  .skip, .filter, .filter[hidden] { display: none; }
  .figures { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: 1fr; }
  .rows { content-visibility: visible; }
  .rows + .rows { margin-top: 0; }
  .rows + .rows caption { display: none; }
  th, td { padding: .3rem .6rem .3rem 0; }
  h2, h3, caption { break-after: avoid; }
  tr, .problem, .figures div { break-inside: avoid; }
  thead { display: table-header-group; }
}
`
