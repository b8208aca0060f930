import type { ErrorSubject, GpregError } from '@gpreg/oci'
import { nextStep } from './error/hints.ts'
import { plain, type Paint } from './text/paint.ts'

/** An error as `--json` prints it. */
export function errorDocument(error: GpregError) {
  return { kind: 'Error', version: 1, error: error.toJSON() } as const
}

/** An error for people: message, subject and hint; with `verbose` also its causes. */
export function renderError(
  error: GpregError,
  { verbose = false, paint = plain }: { verbose?: boolean; paint?: Paint } = {},
): string {
  // The subject of an interruption is the call that it happened to hit, which tells the user nothing.
  const hint = nextStep(error)
  const about = error.code === 'aborted' ? '' : renderSubject(error.subject, error.message)
  return [
    `${paint('red', 'error:')} ${error.message}`,
    ...(about === '' ? [] : [`       ${paint('dim', about)}`]),
    ...(hint === undefined ? [] : [`${paint('cyan', 'hint:')}  ${hint}`]),
    ...(verbose ? causes(error).map(cause => paint('dim', `cause: ${cause}`)) : []),
  ].join('\n')
}

/** The subject of an error, without the parts that its message contains. */
function renderSubject(
  { side, host, reference, digest, path, status }: ErrorSubject,
  message: string,
): string {
  const named = [reference ?? host, digest, path].filter(
    value => value !== undefined && !message.includes(value),
  )
  const answer = status === undefined || message.includes(String(status)) ? [] : [`HTTP status ${status}`]
  return [...(named.length > 0 && side !== undefined ? [side] : []), ...named, ...answer].join(', ')
}

function causes(error: Error): string[] {
  const { cause } = error
  if (!(cause instanceof Error)) return error.name === 'GpregError' ? [] : [error.stack ?? error.message]
  return [cause.message, ...causes(cause)]
}
