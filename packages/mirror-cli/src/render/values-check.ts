import type { CheckResult, Finding } from '@gpreg/values-gen'
import { plain, type Paint } from './text/paint.ts'
import { count } from './text/units.ts'

/** Every finding with its fix below, then the totals. Positions are written as compilers write them, so that editors find them. */
export function renderValuesCheck(
  { file, release, findings, totals }: CheckResult,
  paint: Paint = plain,
): string {
  const name = file === '-' ? '<stdin>' : file
  const sums =
    findings.length === 0
      ? 'nothing found'
      : `${count(totals.errors, 'error')}, ${count(totals.warnings, 'warning')}`
  return [
    ...findings.flatMap(finding => renderFinding(name, finding, paint)),
    `${name}: ${sums}, for release ${release}`,
  ].join('\n')
}

function renderFinding(file: string, finding: Finding, paint: Paint): string[] {
  const { level, code, path, line, column, message, hint } = finding
  const place = `${file}:${line}:${column}`
  const subject = path === '' ? [] : [paint('bold', path)]
  return [
    [
      place,
      paint(level === 'error' ? 'red' : 'yellow', level),
      ...subject,
      message,
      paint('dim', `[${code}]`),
    ].join('  '),
    `  ${paint('cyan', 'fix:')} ${hint}`,
  ]
}
