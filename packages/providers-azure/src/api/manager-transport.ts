import { parseRetryAfter } from '@gpreg/oci/engine'
import { GpregError } from '@gpreg/oci'
import type { PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline'
import {
  endOfOperation,
  failureIn,
  foreignFailure,
  isForeign,
  TransportFailure,
  type Failure,
} from './failure.ts'
import { notePace } from './pace.ts'
import { Transport } from './transport.ts'

/**
 * The transport to Azure Resource Manager. It throws refusals and failed operations with the words of the server, because the SDK
 * loses them: its lists say "Pagination failed" instead, and its pollers put the code of a failed operation into a text. It also
 * throws what is no answer of Azure, because the SDK would quote it.
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
    const failure = failureOfAnswer(status, bodyAsText)
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

function failureOfAnswer(status: number, body: string | null | undefined): Failure | undefined {
  if (status >= 400) return failureIn(status, body)
  // The SDK would quote what it cannot read, and take a page for an empty answer.
  return isForeign(body) ? foreignFailure(status) : endOfOperation(status, body)
}
