import type { Context } from '../../context.ts'
import type { Provider } from '../provider.ts'
import { changesOf, makeChanges, type Resource } from '../resource.ts'

/** The resources that a provider creates, updates and deletes. */
export interface ProvidedResources {
  /** The resources in their state after `apply`, in the order of the changes. */
  readonly present: readonly Resource[]
  /** The resources in their state after `destroy`, in the order of the changes. */
  readonly absent: readonly Resource[]
  /** Runs before every action, such as a sign-in. */
  readonly prepare?: (context: Context) => Promise<void>
}

/** The actions of a provider that go through its resources one by one. */
export function resourceActions(
  resources: ProvidedResources,
): Pick<Provider, 'changes' | 'apply' | 'destroy'> {
  const { present, absent, prepare = async () => {} } = resources
  return {
    async changes(context, goal = 'present') {
      await prepare(context)
      return changesOf(goal === 'present' ? present : absent, context)
    },
    async apply(context) {
      await prepare(context)
      return makeChanges(present, context)
    },
    async destroy(context) {
      await prepare(context)
      return makeChanges(absent, context)
    },
  }
}
