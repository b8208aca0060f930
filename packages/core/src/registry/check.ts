/** The result of one check of a registry. */
export interface Check {
  /** such as `push` */
  readonly name: string
  /** `warning`: the registry can be used, but with a limitation; `skipped`: an earlier check failed, or this one cannot run */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail?: string
  /** How to fix the problem. */
  readonly hint?: string
}
