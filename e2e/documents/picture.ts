/** Commands and their output as a picture of a terminal. It is dark in itself, so it is readable on light and dark pages. */

export interface Shown {
  readonly text: string
  readonly printed: readonly string[]
}

/** Pixels. Monospaced fonts are at most 0.61 of their size wide. */
const FONT = 14
const COLUMN = 8.6
const ROW = 19
const MARGIN = 20
const BAR = 36

const STYLE = `text{font:${FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dae0;white-space:pre}
.prompt{fill:#7ee787}.command{fill:#fff;font-weight:600}.good{fill:#7ee787}.bad{fill:#ff7b72}.odd{fill:#e3b341}`

/** The first word of a line, and the class of its colour. */
const WORDS: Readonly<Record<string, string>> = {
  ok: 'good',
  copied: 'good',
  warning: 'odd',
  failed: 'bad',
  error: 'bad',
  missing: 'bad',
}

/** Draws an SVG whose bytes follow from the text alone. */
export function drawTerminal(shown: readonly Shown[]): string {
  const lines = shown.flatMap(({ text, printed }, index) => [
    ...(index > 0 ? [''] : []),
    ...text.split('\n').map((line, at) => commandLine(line, at === 0)),
    ...printed.map(outputLine),
  ])
  const columns = Math.max(
    ...shown
      .flatMap(({ text, printed }) => [...text.split('\n').map(line => `$ ${line}`), ...printed])
      .map(line => line.length),
  )
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN)
  const height = BAR + lines.length * ROW + MARGIN
  const texts = lines.map((line, index) =>
    line === '' ? '' : `<text x="${MARGIN}" y="${BAR + (index + 1) * ROW - 4}">${line}</text>\n`,
  )
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, index) => `<circle cx="${MARGIN + 4 + index * 18}" cy="18" r="6" fill="${colour}"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(shown.map(({ text }) => text.split(' ').slice(0, 2).join(' ')).join(', '))}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${width}" height="${height}" rx="10" fill="#1b1f27" stroke="#4b5261"/>`,
    dots.join(''),
    `${texts.join('')}</svg>`,
    '',
  ].join('\n')
}

function commandLine(line: string, isFirst: boolean): string {
  const prompt = isFirst ? '<tspan class="prompt">$ </tspan>' : '  '
  return `${prompt}<tspan class="command">${escape(line)}</tspan>`
}

function outputLine(line: string): string {
  const [word = ''] = /^\w+/.exec(line) ?? []
  const kind = WORDS[word]
  if (kind === undefined) return escape(line)
  return `<tspan class="${kind}">${word}</tspan>${escape(line.slice(word.length))}`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
