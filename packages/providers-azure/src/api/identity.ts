import { once } from 'node:events'
import { abortedError, GpregError, isGpregError } from '@gpreg/oci'
import {
  DefaultAzureCredential,
  type AccessToken,
  type GetTokenOptions,
  type TokenCredential,
} from '@azure/identity'
import { CLOUDS, isKnownAuthority, type AzureCloud } from './clouds.ts'
import { azureError, IDENTITY_HINT } from './errors.ts'
import { Line } from './line.ts'

export interface IdentityOptions {
  readonly cloud: AzureCloud
  /** PEM of authorities to trust besides the usual ones: give those as well */
  readonly ca?: readonly string[] | undefined
  /** default: as the SDK finds an identity */
  readonly credential?: TokenCredential | undefined
}

const ABOUT = { resource: 'entra:token', permission: 'entra:token' }

/**
 * Whom Azure takes this machine for: as the environment says, a workload or managed identity, or who logged in with `az`.
 * https://learn.microsoft.com/azure/developer/javascript/sdk/authentication/credential-chains#defaultazurecredential-overview
 */
export class AzureIdentity implements TokenCredential {
  readonly #line: Line
  readonly #authority: string
  #chain: TokenCredential | undefined

  constructor({ cloud, ca, credential }: IdentityOptions) {
    this.#chain = credential
    this.#line = new Line(ca)
    this.#authority = process.env['AZURE_AUTHORITY_HOST'] || CLOUDS[cloud].authority
  }

  /** An abort leaves the SDK to itself: it cannot be stopped while it asks. @throws `unauthorized`, and what the line does */
  async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
    this.#line.failure = undefined
    const over = new AbortController()
    const signal = options.abortSignal as AbortSignal | undefined
    try {
      const chain = (this.#chain ??= this.#findIdentity())
      const given = chain.getToken(scopes, options)
      const token = await (signal ? Promise.race([given, untilAborted(signal, over.signal)]) : given)
      if (token === null)
        throw new GpregError('unauthorized', 'no identity in Azure', { hint: IDENTITY_HINT })
      return token
    } catch (error) {
      throw this.#line.failure === undefined ? identityError(error) : azureError(this.#line.failure, ABOUT)
    } finally {
      over.abort()
    }
  }

  /** Refuses an environment that names no way to be somebody. */
  #findIdentity(): TokenCredential {
    return new DefaultAzureCredential({
      ...this.#line.options,
      authorityHost: this.#authority,
      // Microsoft is asked about authorities that are not its own, and does not know them.
      disableInstanceDiscovery: !isKnownAuthority(this.#authority),
    })
  }
}

async function untilAborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort', { signal: over })
  throw abortedError()
}

/** What kept a machine from being somebody in Azure. Messages of Entra name the tenant and the application, never a secret. */
function identityError(thrown: unknown): GpregError {
  if (isGpregError(thrown)) return thrown
  const [said = ''] = (thrown as Error).message.split(/\r?\n(?=Trace ID)/, 1)
  const message = `no identity in Azure: ${said.replace(/\s+/g, ' ').slice(0, 500)}`
  return new GpregError('unauthorized', message, { hint: IDENTITY_HINT })
}
