import { DocumentedSection } from './documented-section.ts'

export interface OutcomeTableOptions {
  /** Heads of the first columns, which say what a row is about. */
  readonly heads: readonly string[]
  /** Heads of the columns with outcomes. */
  readonly columns: readonly string[]
  /** Cells of the first columns; the last cell is the name of the row. */
  readonly rows: readonly (readonly string[])[]
  /** A file below docs/. */
  readonly document: string
  /** Name of the marks around the table there; default `outcomes` */
  readonly marks?: string
  /** Name of the environment variable that makes {@link OutcomeTable.documented} write the table. */
  readonly update: string
}

/** Collects the outcome of each row in each column, and is a part of the documentation. */
export class OutcomeTable {
  readonly #options: OutcomeTableOptions
  readonly #outcomes = new Map<string, string>()

  constructor(options: OutcomeTableOptions) {
    this.#options = options
  }

  note(row: string, column: string, outcome: string): void {
    this.#outcomes.set(`${row} ${column}`, outcome)
  }

  toString(): string {
    const { heads, columns, rows } = this.#options
    const cells = [
      [...heads, ...columns],
      ...rows.map(row => [
        ...row,
        ...columns.map(column => this.#outcomes.get(`${row.at(-1)} ${column}`) ?? 'not run'),
      ]),
    ]
    const widths = cells[0]!.map((_, at) => Math.max(...cells.map(row => row[at]!.length)))
    const lines = cells.map(row => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`)
    lines.splice(1, 0, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`)
    return lines.join('\n')
  }

  /** Reads the table of the documentation. If the variable is set, it writes the collected table there first. */
  async documented(): Promise<string> {
    const { document, marks = 'outcomes', update } = this.#options
    const section = new DocumentedSection(document, marks)
    if (process.env[update] !== undefined) await section.write(String(this))
    return section.read()
  }
}
