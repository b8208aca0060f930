import type { CheckResult, Finding } from '@gpreg/values-gen'
import { causeOf } from './error/cause.ts'
import { plain, type Paint } from './text/paint.ts'
import { count } from './text/units.ts'

/** Every finding, its fix below it or below the last one that it is for, then the totals. Positions are written as compilers write them, so that editors find them. */
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
    ...[...Map.groupBy(findings, groupOf).values()].flatMap(group => renderGroup(name, group, paint)),
    `${name}: ${sums}, for release ${release}`,
  ].join('\n')
}

/** Images that could not be looked at for one reason that are named; the others are counted. */
const NAMED = 3

/** Findings of one kind at one place have one fix, such as all images that the registry lacks. */
function groupOf(finding: Finding): string {
  const { code, line, column, hint } = finding
  return [code, line, column, hint, isUnreadable(finding) ? causeOf(finding) : ''].join(' ')
}

function renderGroup(file: string, findings: readonly Finding[], paint: Paint): string[] {
  const shown = findings.every(isUnreadable) ? findings.slice(0, NAMED) : findings
  const more = findings.length - shown.length
  return [
    ...shown.map(finding => renderFinding(file, finding, paint)),
    ...(more > 0 ? [`  and ${more} more for the same reason, all in the answer of --json`] : []),
    `  ${paint('cyan', 'fix:')} ${findings[0]?.hint}`,
  ]
}

function isUnreadable({ code }: Finding): boolean {
  return code === 'image-unreadable'
}

function renderFinding(file: string, finding: Finding, paint: Paint): string {
  const { level, code, path, line, column, message } = finding
  const place = `${file}:${line}:${column}`
  const subject = path === '' ? [] : [paint('bold', path)]
  return [
    place,
    paint(level === 'error' ? 'red' : 'yellow', level),
    ...subject,
    message,
    paint('dim', `[${code}]`),
  ].join('  ')
}
