import type { Context } from '../context.ts'
import { unlessAborted } from '@gpreg/oci/engine'
import type { Check } from '../registry/check.ts'

export interface NamedCheck<Name extends string> extends Check {
  readonly name: Name
}

/** The result of a check that threw nothing; `ok` by default. */
export type Finding = Partial<Omit<Check, 'name'>>

/** Runs checks one after the other and notes their results. A check is skipped if an earlier check that it needs has failed. */
export class Checklist<Name extends string> {
  readonly #context: Context
  readonly #checks: NamedCheck<Name>[] = []

  constructor(context: Context) {
    this.#context = context
  }

  get checks(): readonly NamedCheck<Name>[] {
    return this.#checks
  }

  note(name: Name, finding: Finding = {}): void {
    this.#checks.push({ name, status: 'ok', ...finding })
  }

  /**
   * Runs a check and notes its result.
   * @param after whether the earlier checks that this check needs have succeeded; if not, it is skipped
   * @param severity the status of the check if `work` throws
   * @returns whether the check has succeeded
   * @throws `aborted` only
   */
  async try(
    name: Name,
    after: boolean,
    work: () => Promise<Finding>,
    severity: 'failed' | 'warning' = 'failed',
  ): Promise<boolean> {
    if (after) this.#context.emit({ type: 'check.started', name })
    const finding: Finding = after
      ? await work().catch(thrown => failed(thrown, severity))
      : { status: 'skipped' }
    this.note(name, finding)
    return finding.status === undefined || finding.status === 'ok'
  }
}

export function failed(thrown: unknown, status: 'failed' | 'warning' = 'failed'): Finding {
  const { message, hint } = unlessAborted(thrown)
  return { status, detail: message, ...(hint === undefined ? {} : { hint }) }
}
