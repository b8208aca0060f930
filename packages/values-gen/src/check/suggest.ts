import type { Path } from './path.ts'
import { fieldPaths, fieldsAt } from './schema-walk.ts'

const FAR = 3

/** A suggestion for an unknown key in the map at a path. */
export function suggestField(path: Path, key: string): string {
  const fields = fieldsAt(path)
  const [nearest] = fields
    .map(field => ({ field, far: distance(field.toLowerCase(), key.toLowerCase()) }))
    .filter(({ field, far }) => far < Math.min(FAR, field.length))
    .sort((one, other) => one.far - other.far)
  if (nearest !== undefined) return `did you mean ${nearest.field}?`
  const elsewhere = fieldPaths().filter(field => field.at(-1)?.toLowerCase() === key.toLowerCase())
  const [only] = elsewhere
  if (only !== undefined && elsewhere.length === 1) return `did you mean ${only.join('.')}?`
  return `leave it out; known here: ${fields.join(', ')}`
}

/** The number of letters to change, add or remove to get from one text to the other. https://en.wikipedia.org/wiki/Levenshtein_distance */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    let left = index + 1
    const next = [left]
    for (const [column, above] of row.slice(1).entries()) {
      const changed = (row[column] ?? 0) + (letter === other[column] ? 0 : 1)
      left = Math.min(changed, left + 1, above + 1)
      next.push(left)
    }
    row = next
  }
  return row.at(-1) ?? 0
}
