/** The width of a terminal on standard output. Without a terminal lines may have any length, so that programs can read them. */
export function outputWidth({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number {
  return isTTY && columns > 0 ? columns : Infinity
}

/**
 * A table with columns as wide as their widest cell, two spaces apart. The columns named in `rightAligned` are right-aligned.
 * A table that is wider than `width` is stacked: each row is its first cell, and below it the other cells with their names.
 * @param width default: that of the terminal on standard output, where tables are printed
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly string[] = [],
  width: number = outputWidth(process.stdout),
): string {
  const lines = [head, ...rows]
  const columns = head.map((name, column) => ({
    isRight: rightAligned.includes(name),
    cells: lines.map(cells => cells[column] ?? ''),
  }))
  const padded = columns.map(({ isRight, cells }) => {
    const width = Math.max(...cells.map(cell => cell.length))
    return cells.map(cell => (isRight ? cell.padStart(width) : cell.padEnd(width)))
  })
  const table = lines.map((_, row) =>
    padded
      .map(cells => cells[row])
      .join('  ')
      .trimEnd(),
  )
  const isFitting = table.every(line => line.length <= width)
  return (isFitting ? table : rows.map(cells => stacked(head, cells, width))).join('\n')
}

/** One row of a table: the first cell, then as many named cells on a line as there is room for. Empty cells are left out. */
function stacked(head: readonly string[], cells: readonly string[], width: number): string {
  const [first = '', ...others] = cells
  const named = others.flatMap((cell, at) => (cell === '' ? [] : [`${head[at + 1]} ${cell}`]))
  const lines = named.reduce<string[]>((lines, text) => {
    const last = lines.at(-1)
    const joined = `${last}  ${text}`
    return last !== undefined && joined.length + 2 <= width
      ? [...lines.slice(0, -1), joined]
      : [...lines, text]
  }, [])
  return [first, ...lines.map(line => `  ${line}`)].join('\n')
}
