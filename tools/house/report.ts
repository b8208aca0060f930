import { COMPLEX_FUNCTION, LONG_FUNCTION, type Figures, type House } from './figures.ts'
import type { FunctionSize } from './functions.ts'

/** The figures as text: one line a figure, what stands out by name, one line a package. */
export function formatHouse({ all, packages, circles, publicNames }: House): string {
  const over60 = all.longFunctions.filter(({ lines }) => lines > 60)
  const names = Object.entries(publicNames).map(
    ([specifier, { values, types }]) =>
      `${specifier}: ${values.length + types.length} (${values.length} values, ${types.length} types)`,
  )
  return [
    `files / median / longest          ${all.files} / ${all.medianLines} / ${all.longest.lines} (${all.longest.path})`,
    `lines                             ${all.lines}`,
    `functions over 50 / 60 lines      ${all.longFunctions.length} / ${over60.length}`,
    ...all.longFunctions.map(each => named(each, `${each.lines} lines`)),
    `cyclomatic complexity over ${COMPLEX_FUNCTION}     ${all.complexFunctions.length} of ${all.functions}`,
    ...all.complexFunctions.map(each => named(each, `${each.complexity}`)),
    `any / lint switched off           ${all.escapes.any.length} / ${all.escapes.lintOff.length}`,
    ...[...all.escapes.any, ...all.escapes.lintOff].map(place => `  ${place}`),
    `casts / non-null ! per 1000 lines ${all.castsPer1000.toFixed(1)} / ${all.nonNullPer1000.toFixed(1)}`,
    `fullest folder                    ${fullest(all)}`,
    `import circles between files      ${circles.length}`,
    ...circles.map(circle => `  ${circle.join(' ')}`),
    `public names`,
    ...names.map(line => `  ${line}`),
    '',
    ...tableOf(packages),
  ].join('\n')
}

const fullest = ({ folders: [first] }: Figures) => `${first?.files ?? 0} (${first?.path ?? ''})`

const named = ({ name, path, line }: FunctionSize, size: string) => `  ${size}: ${name} (${path}:${line})`

const COLUMNS: Readonly<Record<string, (figures: Figures) => string | number>> = {
  files: figures => figures.files,
  median: figures => figures.medianLines,
  longest: figures => figures.longest.lines,
  [`>${LONG_FUNCTION} lines`]: figures => figures.longFunctions.length,
  [`complexity >${COMPLEX_FUNCTION}`]: figures =>
    `${figures.complexFunctions.length} of ${figures.functions}`,
  'casts/1000': figures => figures.castsPer1000.toFixed(1),
  '!/1000': figures => figures.nonNullPer1000.toFixed(1),
  'fullest folder': figures => fullest(figures),
}

function tableOf(packages: House['packages']): string[] {
  const rows = Object.entries(packages).map(([folder, figures]) => [
    folder,
    ...Object.values(COLUMNS).map(cell => String(cell(figures))),
  ])
  const table = [['package', ...Object.keys(COLUMNS)], ...rows]
  const widths = table.reduce((most, row) => row.map((cell, at) => Math.max(cell.length, most[at] ?? 0)), [0])
  return table.map(row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
