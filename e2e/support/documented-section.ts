import { readFile, writeFile } from 'node:fs/promises'

/** A part of a document below `docs/` that a program writes: the text between `<!-- NAME -->` and `<!-- /NAME -->`. */
export class DocumentedSection {
  readonly #path: URL
  readonly #marks: readonly [string, string]

  /** @param document file name below `docs/` */
  constructor(document: string, name: string) {
    this.#path = new URL(`../../docs/${document}`, import.meta.url)
    this.#marks = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  }

  async read(): Promise<string> {
    const { text, from, to } = await this.#find()
    return text.slice(from, to).trim()
  }

  async write(content: string): Promise<void> {
    const { text, from, to } = await this.#find()
    await writeFile(this.#path, `${text.slice(0, from)}\n\n${content}\n\n${text.slice(to)}`)
  }

  async #find() {
    const text = await readFile(this.#path, 'utf8')
    const [open, close] = this.#marks
    const [from, to] = [text.indexOf(open) + open.length, text.indexOf(close)]
    if (to < from) throw new Error(`${this.#path.pathname} has no place for ${open}`)
    return { text, from, to }
  }
}
