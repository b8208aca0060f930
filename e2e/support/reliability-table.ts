import { readFile, writeFile } from 'node:fs/promises'

const DOCUMENT = new URL('../../docs/reliability.md', import.meta.url)
const MARKS = ['<!-- outcomes -->', '<!-- /outcomes -->'] as const

/** Collects the outcome of each fault for each kind of registry. */
export class ReliabilityTable {
  readonly #columns: readonly string[]
  readonly #rows: readonly (readonly [way: string, fault: string])[]
  readonly #outcomes = new Map<string, string>()

  constructor(columns: readonly string[], rows: readonly (readonly [way: string, fault: string])[]) {
    this.#columns = columns
    this.#rows = rows
  }

  note(fault: string, column: string, outcome: string): void {
    this.#outcomes.set(`${fault} ${column}`, outcome)
  }

  toString(): string {
    const cells = [
      ['on the way', 'fault', ...this.#columns],
      ...this.#rows.map(([way, fault]) => [
        way,
        fault,
        ...this.#columns.map(column => this.#outcomes.get(`${fault} ${column}`) ?? 'not run'),
      ]),
    ]
    const widths = cells[0]!.map((_, at) => Math.max(...cells.map(row => row[at]!.length)))
    const lines = cells.map(row => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`)
    lines.splice(1, 0, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`)
    return lines.join('\n')
  }

  /** Reads the table of the documentation. With `UPDATE_RELIABILITY` it writes the collected table there first. */
  async documented(): Promise<string> {
    const text = await readFile(DOCUMENT, 'utf8')
    const [from, to] = [text.indexOf(MARKS[0]) + MARKS[0].length, text.indexOf(MARKS[1])]
    if (process.env['UPDATE_RELIABILITY'] === undefined) return text.slice(from, to).trim()
    await writeFile(DOCUMENT, `${text.slice(0, from)}\n\n${this}\n\n${text.slice(to)}`)
    return this.toString()
  }
}
