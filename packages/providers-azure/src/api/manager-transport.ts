import { parseRetryAfter } from '@gpreg/oci/engine'
import { GpregError } from '@gpreg/oci'
import type { PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline'
import { endOfOperation, failureIn, TransportFailure } from './failure.ts'
import { notePace } from './pace.ts'
import { Transport } from './transport.ts'

/**
 * The transport to Azure Resource Manager. It throws refusals and failed operations with the words of the server, because the SDK
 * loses them: its lists say "Pagination failed" instead, and its pollers put the code of a failed operation into a text.
 */
export class ManagerTransport extends Transport {
  readonly #origin: string

  /**
   * @param origin of Azure Resource Manager, such as `https://management.azure.com`
   * @param ca PEM of authorities to trust in place of the usual ones
   */
  constructor(origin: string, ca: readonly string[] | undefined) {
    super(ca)
    this.#origin = origin
  }

  override async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
    this.#assertOwn(request)
    const response = await super.sendRequest(request, next)
    const { status, bodyAsText, headers } = response
    const failure = status >= 400 ? failureIn(status, bodyAsText) : endOfOperation(status, bodyAsText)
    if (failure !== undefined) throw new TransportFailure(failure)
    notePace(parseRetryAfter(headers.get('retry-after'), Date.now()))
    return response
  }

  /** An answer names the next page of a list, and the address of an operation. No other host may get the token. */
  #assertOwn({ url }: PipelineRequest): void {
    if (URL.parse(url)?.origin === this.#origin) return
    const host = URL.parse(url)?.host ?? 'no host'
    throw new GpregError('protocol', `Azure Resource Manager sends on to ${host}, which is another host`, {
      host,
      hint: 'is something between here and Azure that changes answers?',
    })
  }
}
