import type { Finding } from './finding.ts'

const MARK = /#.*\bgpreg:known((?:[\s,]+[a-z][a-z0-9-]*)+)/

/** The text that silences the warning `code` if it is in a comment. */
export function formatKnown(code: string): string {
  return `gpreg:known ${code}`
}

/** Drops the warnings that a `gpreg:known` comment on their line, or right above it, names. Errors stay. */
export function withoutKnown(text: string, findings: readonly Finding[]): Finding[] {
  const lines = text.split('\n')
  return findings.filter(({ level, code, line }) => level === 'error' || !knownAt(lines, line - 1).has(code))
}

function knownAt(lines: readonly string[], line: number): ReadonlySet<string> {
  const codes = new Set<string>()
  for (let at = line; at >= 0; at--) {
    const text = lines[at] ?? ''
    if (at !== line && !text.trimStart().startsWith('#')) break
    for (const code of MARK.exec(text)?.[1]?.split(/[\s,]+/) ?? []) codes.add(code)
  }
  return codes
}
