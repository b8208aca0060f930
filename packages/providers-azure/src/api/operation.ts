import { type Context } from '@gpreg/core'
import { waitForChange, type CallPolicy } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { PATIENT } from '@gpreg/oci/engine'
import { call } from './call.ts'
import type { AzureCall } from './azure-call.ts'
import { failureOf } from './failure.ts'

/** The used part of the SDK's pollers. */
interface Poller {
  readonly isDone: boolean
  readonly operationState: { readonly status: string } | undefined
  submitted(): Promise<void>
  poll(options: { abortSignal: AbortSignal }): Promise<unknown>
}

/**
 * Begins a long-running operation of Azure and waits for its end.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 *
 * @param policy for the first request only; a failed request for the state is always repeated
 */
export async function follow(
  begin: (options: { abortSignal: AbortSignal }) => Poller,
  about: AzureCall,
  context: Context,
  policy: CallPolicy = PATIENT,
): Promise<void> {
  // The poller is put into an object, because it is itself a promise: returned alone, it would be awaited until the operation ends.
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
  await waitForChange(about.resource, context, async () => {
    if (!poller.isDone) await call(context, looking, options => look(poller, options.abortSignal, about))
    return poller.isDone ? undefined : 'in progress'
  })
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
