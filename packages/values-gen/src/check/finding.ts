import type { Level } from './level.ts'
import type { RuleCode } from './rules.ts'

export interface Finding {
  readonly level: Level
  readonly code: RuleCode
  /** `containerRegistry.privateBaseImageAllowList[0]`; empty if it is about the whole file */
  readonly path: string
  /** from 1 */
  readonly line: number
  readonly column: number
  /** why */
  readonly message: string
  /** what to do */
  readonly hint: string
}

export interface CheckResult {
  readonly kind: 'ValuesCheck'
  readonly version: 1
  readonly file: string
  /** of the catalogue, e.g. `2022.11.3` */
  readonly release: string
  /** in the order of the file */
  readonly findings: readonly Finding[]
  readonly totals: { readonly errors: number; readonly warnings: number }
}

/** The findings of any number of checks on a file, put together. */
export function checkResult(file: string, release: string, findings: readonly Finding[]): CheckResult {
  const number = (level: Level) => findings.filter(finding => finding.level === level).length
  return {
    kind: 'ValuesCheck',
    version: 1,
    file,
    release,
    findings: findings.toSorted((one, other) => one.line - other.line || one.column - other.column),
    totals: { errors: number('error'), warnings: number('warning') },
  }
}
