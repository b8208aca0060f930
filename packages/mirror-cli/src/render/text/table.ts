/** A table with columns as wide as their widest cell, two spaces apart. The columns named in `rightAligned` are right-aligned. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly string[] = [],
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
  return lines
    .map((_, row) =>
      padded
        .map(cells => cells[row])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
