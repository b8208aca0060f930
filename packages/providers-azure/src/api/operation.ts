import { type Context } from '@gpreg/core'
import { waitForChange, type CallPolicy, type LongChange } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { PATIENT } from '@gpreg/oci/engine'
import { call } from './call.ts'
import type { AzureCall } from './azure-call.ts'
import { failureOf } from './failure.ts'
import { pacedRequests } from './pace.ts'

/** The used part of the SDK's pollers. */
interface Poller {
  readonly isDone: boolean
  readonly operationState: { readonly status: string } | undefined
  submitted(): Promise<void>
  poll(options: { abortSignal: AbortSignal }): Promise<unknown>
}

export interface FollowOptions extends Pick<LongChange, 'longest'> {
  /** for the first request only, default patient; a failed request for the state is always repeated */
  readonly policy?: CallPolicy
}

/**
 * Begins a long-running operation of Azure and waits for its end.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 * The state is asked for as often as Azure wants.
 */
export async function follow(
  begin: (options: { abortSignal: AbortSignal }) => Poller,
  about: AzureCall,
  context: Context,
  { policy = PATIENT, longest }: FollowOptions = {},
): Promise<void> {
  const requests = pacedRequests()
  // The poller is put into an object, because it is itself a promise: returned alone, it would be awaited until the operation ends.
  const { poller } = await call(
    context,
    about,
    async options => {
      const poller = begin(options)
      await requests.run(() => poller.submitted())
      return { poller }
    },
    policy,
  )
  const looking = { ...about, permission: 'Microsoft.ContainerRegistry/registries/operationStatuses/read' }
  const state = async () => {
    if (!poller.isDone)
      await requests.run(() => call(context, looking, options => look(poller, options.abortSignal, about)))
    return poller.isDone ? undefined : 'in progress'
  }
  const pauseOf = requests.retryAfter
  await waitForChange(about.resource, context, state, { pauseOf, ...(longest ? { longest } : {}) })
}

/** Asks for the state once. The SDK throws for a failed operation and for a failed request alike; only the error tells them apart. */
async function look(poller: Poller, abortSignal: AbortSignal, about: AzureCall): Promise<void> {
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
