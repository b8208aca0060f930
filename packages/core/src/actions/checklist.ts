import type { Context } from '../context.ts'
import { unlessAborted } from '@gpreg/oci/engine'
import type { Check } from '../registry/check.ts'

export interface NamedCheck<Name extends string> extends Check {
  readonly name: Name
}

/** The result of a check that threw nothing; `ok` by default. */
export type Finding = Partial<Omit<Check, 'name'>>

/** Tries one thing after the other; what fails is noted, and what stands on it is skipped. */
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
   * @param after whether what this stands on holds
   * @param severity what a failure counts as
   * @returns whether it holds
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
