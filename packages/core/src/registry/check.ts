/** One thing that was tried, rather than read about. */
export interface Check {
  /** such as `push` */
  readonly name: string
  /** `warning`: it holds, but there is something to know; `skipped`: something before it failed, or it cannot be tried here */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail?: string
  /** What to do about it. */
  readonly hint?: string
}
