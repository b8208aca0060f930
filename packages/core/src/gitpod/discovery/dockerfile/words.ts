import type { Span } from '../mention.ts'

/** A word of an instruction, with its quotes. */
export interface Word extends Span {
  readonly text: string
}

/** The words of a text from an offset on. White space inside quotes and after an escape character does not end a word. */
export function* splitWords(text: string, from: number, escape: string): Generator<Word, undefined> {
  for (let at = from; at < text.length;) {
    if (isSpace(text[at])) {
      at += 1
      continue
    }
    const start = at
    at = endOfWord(text, start, escape)
    yield { text: text.slice(start, at), start, end: at }
  }
}

function endOfWord(text: string, start: number, escape: string): number {
  let quote = ''
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === escape && quote !== "'") at += 1
    else if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if (isSpace(character)) return at
  }
  return text.length
}

/** The flags `--…` at the beginning of a text, with the offset behind them. */
export function leadingFlags(
  text: string,
  from: number,
): { readonly flags: readonly Word[]; readonly end: number } {
  const flags: Word[] = []
  let end = from
  // BuildKit reads flags with a backslash, whatever the directive `escape` says.
  for (const word of splitWords(text, from, '\\')) {
    if (!word.text.startsWith('--')) break
    end = word.end
    if (word.text === '--') break
    flags.push(word)
  }
  return { flags, end }
}

/** A word without its quotes and escape characters. */
export function unquoted(word: string): string {
  return word.replace(/\\(.)|["']/gs, '$1')
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character)
}
