import { splitWords, unquoted } from './words.ts'

/** A heredoc that an instruction opens: the lines that follow belong to it, until its name stands alone on a line. */
export interface Heredoc {
  readonly name: string
  /** `<<-`: tabs before the closing name do not count. */
  readonly isIndented: boolean
}

/** The heredocs of an instruction. https://docs.docker.com/reference/dockerfile/#here-documents */
export function heredocsOf(text: string, escape: string): Heredoc[] {
  if (!text.includes('<<')) return []
  return [...splitWords(text, 0, escape)].flatMap(word => {
    const [, dash, name] = /^\d*<<(-?)([^<]+)$/.exec(word.text) ?? []
    return name === undefined ? [] : [{ name: unquoted(name), isIndented: dash === '-' }]
  })
}

export function closes({ name, isIndented }: Heredoc, line: string): boolean {
  return (isIndented ? line.replace(/^\t+/, '') : line) === name
}
