import type { Level } from './level.ts'
import type { RuleCode } from './rules.ts'

export interface Finding {
  readonly level: Level
  readonly code: RuleCode
  /** `containerRegistry.privateBaseImageAllowList[0]`; empty if it is about the whole file */
  readonly path: string
  /** counted from 1, like `column` */
  readonly line: number
  readonly column: number
  /** says what is wrong */
  readonly message: string
  /** says what the user can do */
  readonly hint: string
}

export interface CheckResult {
  readonly kind: 'ValuesCheck'
  readonly version: 1
  readonly file: string
  /** the Gitpod release that the file was checked for, e.g. `2022.11.3` */
  readonly release: string
  /** sorted by line and column */
  readonly findings: readonly Finding[]
  readonly totals: { readonly errors: number; readonly warnings: number }
}

/** Combines the findings of several checks on one file into one result. */
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
