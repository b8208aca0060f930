import type { PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline'
import { endOfOperation, failureIn, TransportFailure } from './failure.ts'
import { Transport } from './transport.ts'

/**
 * The transport to Azure Resource Manager. It throws refusals and failed operations with the words of the server, because the SDK
 * loses them: its lists say "Pagination failed" instead, and its pollers put the code of a failed operation into a text.
 */
export class ManagerTransport extends Transport {
  override async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
    const response = await super.sendRequest(request, next)
    const { status, bodyAsText } = response
    const failure = status >= 400 ? failureIn(status, bodyAsText) : endOfOperation(status, bodyAsText)
    if (failure !== undefined) throw new TransportFailure(failure)
    return response
  }
}
