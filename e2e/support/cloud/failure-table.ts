import type { ErrorCode, GpregError } from '@gpreg/oci'

/** The command's table of exit codes. The bundled command exports nothing, so its source is read. */
const EXIT_CODES = new URL('../../../packages/mirror-cli/src/exit-codes.ts', import.meta.url)
const { exitCodeOf } = (await import(EXIT_CODES.href)) as { exitCodeOf(code: ErrorCode): number }

/** The outcome of one failure at one call; undefined if the work went on. */
export interface FailureCell {
  readonly failure: string
  readonly call: string
  readonly error: GpregError | undefined
}

const HEADS = ['failure', 'at', 'code', 'exit', 'hint'] as const

/**
 * A table of failures: what the calls make of each, with the calls that make the same of it in one row.
 * @param plain replaces in a hint what differs from run to run, and from call to call
 */
export function failureTable(cells: readonly FailureCell[], plain: (hint: string) => string): string {
  const rows = [...Map.groupBy(cells, ({ failure }) => failure)].flatMap(([failure, all]) => {
    const same = Map.groupBy(all, ({ error }) =>
      JSON.stringify(
        error === undefined
          ? ['none', '-', 'goes on']
          : [error.code, String(exitCodeOf(error.code)), plain(error.hint ?? '-')],
      ),
    )
    return [...same].map(([outcome, some]) => {
      const at = same.size === 1 ? 'every call' : some.map(({ call }) => call).join(', ')
      return [failure, at, ...(JSON.parse(outcome) as string[])]
    })
  })
  const lines = [[...HEADS], ...rows].map(row => row.map(cell => cell.replaceAll('|', '\\|')))
  const widths = HEADS.map((_, at) => Math.max(...lines.map(row => row[at]!.length)))
  const text = lines.map(row => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`)
  text.splice(1, 0, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`)
  return text.join('\n')
}
