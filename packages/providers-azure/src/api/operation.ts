import type { Context } from '@gpreg/core'
import { GpregError, pause, PATIENT } from '@gpreg/oci'
import { call, type Policy } from './call.ts'
import type { Call } from './errors.ts'
import { failureOf } from './failure.ts'

const BETWEEN_LOOKS = 2_000
/** ten minutes */
const MOST_LOOKS = 300

/** What of the SDK's pollers is used. */
interface Poller {
  readonly isDone: boolean
  readonly operationState: { readonly status: string } | undefined
  submitted(): Promise<void>
  poll(options: { abortSignal: AbortSignal }): Promise<unknown>
}

/**
 * Begins what takes Azure a while, and follows it to its end.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 *
 * @param policy of the beginning alone: a look that fails is taken again
 */
export async function follow(
  begin: (options: { abortSignal: AbortSignal }) => Poller,
  about: Call,
  context: Context,
  policy: Policy = PATIENT,
): Promise<void> {
  // Pollers are promises of their end: one that is returned by itself would be waited for.
  const { poller } = await call(
    context,
    about,
    async options => {
      const poller = begin(options)
      await poller.submitted()
      return { poller }
    },
    policy,
  )
  const looking = { ...about, permission: 'Microsoft.ContainerRegistry/registries/operationStatuses/read' }
  await repeat(about.resource, context, async () => {
    if (!poller.isDone) await call(context, looking, options => look(poller, options.abortSignal, about))
    return poller.isDone ? undefined : 'in progress'
  })
}

/** The SDK tells an operation that failed from a look that failed only by what it throws. */
async function look(poller: Poller, abortSignal: AbortSignal, about: Call): Promise<void> {
  try {
    await poller.poll({ abortSignal })
  } catch (error) {
    const { status = '' } = poller.operationState ?? {}
    if (!['failed', 'canceled'].includes(status) || failureOf(error) !== undefined) throw error
    const { resource } = about
    const message = `${about.permission} on ${resource}: ${(error as Error).message}`
    throw new GpregError('server-error', message, { resource, retryable: false })
  }
}

/** Looks until nothing goes on any more. @param state what goes on */
export async function repeat(
  resource: string,
  context: Context,
  state: () => Promise<string | undefined>,
): Promise<void> {
  for (let looks = 0; ; looks++) {
    const going = await state()
    if (going === undefined) return
    if (looks === MOST_LOOKS) throw endlessError(resource)
    context.emit({ type: 'change.waiting', resource, state: going })
    await pause(context, BETWEEN_LOOKS)
  }
}

function endlessError(resource: string): GpregError {
  return new GpregError('stalled', `${resource} is still being changed after ten minutes`, {
    resource,
    hint: 'run the same command again: it goes on where it stopped',
    retryable: false,
  })
}
