/**
 * Wraps shapes into a picture that can be read on light and dark pages: colours follow the reader's setting, and the
 * background is that of the page. Classes: `ours` and `other` (filled), `line0` to `line2` (stroked), `dot0` to `dot2`,
 * `grid`, `quiet` and `head` (text).
 */
export function picture(width: number, height: number, label: string, shapes: readonly string[]): string {
  const light = ['#0969da', '#8c959f', '#bc4c00', '#1a7f37']
  const dark = ['#58a6ff', '#6e7681', '#f0883e', '#3fb950']
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif" font-size="13" role="img" aria-label="${label}">`,
    `<style>${style(light, '#24292f', '#57606a', '#d0d7de')} @media (prefers-color-scheme: dark) { ${style(dark, '#e6edf3', '#9198a1', '#3d444d')} }</style>`,
    ...shapes,
    '</svg>',
    '',
  ].join('\n')
}

function style(
  [ours, other, second, third]: readonly string[],
  text: string,
  quiet: string,
  grid: string,
): string {
  const lines = [ours, second, third].map(
    (colour, at) =>
      `.line${at} { stroke: ${colour}; stroke-width: 2; fill: none } .dot${at} { fill: ${colour} }`,
  )
  return [
    `text { fill: ${text} } .quiet { fill: ${quiet}; font-size: 11px } .head { font-weight: 600 }`,
    `.grid { stroke: ${grid} } .ours { fill: ${ours} } .other { fill: ${other} }`,
    ...lines,
  ].join(' ')
}
