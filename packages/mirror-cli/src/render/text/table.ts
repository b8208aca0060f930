/** Columns as wide as their widest cell, two spaces apart; nothing after the last one. Right-aligned where the name says so. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly string[] = [],
): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map(cells => cells[column]!.length)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) =>
      rightAligned.includes(head[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    )
  return lines.map(cells => line(cells).join('  ').trimEnd()).join('\n')
}
