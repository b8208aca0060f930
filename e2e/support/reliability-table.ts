import { readFile, writeFile } from 'node:fs/promises'

const DOCUMENT = new URL('../../docs/reliability.md', import.meta.url)

export interface TableShape {
  /** name of the marks in the document: `<!-- NAME -->` and `<!-- /NAME -->` */
  readonly marks: string
  /** heads of the cells that each row begins with */
  readonly heads: readonly string[]
  /** kinds of registry */
  readonly columns: readonly string[]
  /** first cells of each row; the last of them is the key of the row */
  readonly rows: readonly (readonly string[])[]
}

/** Collects the outcome of each fault or step for each kind of registry. */
export class ReliabilityTable {
  readonly #shape: TableShape
  readonly #outcomes = new Map<string, string>()

  constructor(shape: TableShape) {
    this.#shape = shape
  }

  note(row: string, column: string, outcome: string): void {
    this.#outcomes.set(`${row} ${column}`, outcome)
  }

  toString(): string {
    const { heads, columns, rows } = this.#shape
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

  /** Reads the table of the documentation. With `UPDATE_RELIABILITY` it writes the collected table there first. */
  async documented(): Promise<string> {
    if (process.env['UPDATE_RELIABILITY'] !== undefined) await document(this.#shape.marks, String(this))
    const { text, from, to } = await section(this.#shape.marks)
    return text.slice(from, to).trim()
  }
}

/** Replaces the text between two marks of `docs/reliability.md`. */
export async function document(marks: string, content: string): Promise<void> {
  const { text, from, to } = await section(marks)
  await writeFile(DOCUMENT, `${text.slice(0, from)}\n\n${content}\n\n${text.slice(to)}`)
}

async function section(marks: string) {
  const text = await readFile(DOCUMENT, 'utf8')
  const [open, close] = [`<!-- ${marks} -->`, `<!-- /${marks} -->`]
  const [from, to] = [text.indexOf(open) + open.length, text.indexOf(close)]
  if (to < from) throw new Error(`docs/reliability.md has no place for ${open}`)
  return { text, from, to }
}
