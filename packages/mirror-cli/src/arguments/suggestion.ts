/**
 * The known word that a misspelt one is meant to be: the one that takes the fewest changes, if those are few for its length.
 * @returns undefined if no word is near
 */
export function suggestionFor(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map(each => ({ each, changes: changesBetween(word, each) }))
    .toSorted((a, b) => a.changes - b.changes)
  const [best] = ranked
  return best !== undefined && best.changes <= Math.ceil(word.length / 3) ? best.each : undefined
}

/** The number of letters to insert, remove or replace (Levenshtein). */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
