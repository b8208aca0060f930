import type { Context } from '../context.ts'
import type { Action, Change } from './change.ts'
import { abortedError } from '@gpreg/oci/engine'

/** The result of inspecting a resource, with the change that it needs. */
export interface Inspection {
  readonly action: Action
  readonly reason: string
  /** Not called for `keep`. @returns what became of the change, if that is not the change itself */
  make(): Promise<void | Pick<Change, 'action' | 'reason'>>
}

/** A cloud resource, and the state that it should have. */
export interface Resource {
  readonly name: string
  /** Inspects the resource without changing it. Its parent may not exist yet. */
  inspect(context: Context): Promise<Inspection>
}

/** The inspection of a resource that needs no change. */
export function keep(reason: string): Inspection {
  return { action: 'keep', reason, make: async () => {} }
}

/** Inspects all resources, and changes none. */
export async function changesOf(resources: readonly Resource[], context: Context): Promise<Change[]> {
  const changes: Change[] = []
  for (const resource of resources) {
    const { action, reason } = await resource.inspect(context)
    changes.push({ resource: resource.name, action, reason })
  }
  return changes
}

/** Changes one resource after the other. Each is inspected again right before, so finished changes are not repeated. */
export async function makeChanges(resources: readonly Resource[], context: Context): Promise<Change[]> {
  const changes: Change[] = []
  for (const resource of resources) {
    if (context.signal.aborted) throw abortedError()
    const inspection = await resource.inspect(context)
    const { action, reason } = inspection
    const change = { resource: resource.name, action, reason }
    if (action !== 'keep') {
      context.emit({ type: 'change.started', ...change })
      const made = { ...change, ...(await inspection.make()) }
      context.emit({ type: 'change.done', ...made })
      changes.push(made)
    } else changes.push(change)
  }
  return changes
}
