import { once } from 'node:events'
import { GpregError, isGpregError } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'
import {
  DefaultAzureCredential,
  type AccessToken,
  type GetTokenOptions,
  type TokenCredential,
} from '@azure/identity'
import { CLOUDS, cloudOfAuthority, type AzureCloud } from './clouds.ts'
import { azureError, IDENTITY_HINT } from './errors.ts'
import { Transport } from './transport.ts'

export interface IdentityOptions {
  readonly cloud: AzureCloud
  /** PEM of all authorities to trust, the usual ones included */
  readonly ca?: readonly string[] | undefined
  /** default: the identity that the SDK finds */
  readonly credential?: TokenCredential | undefined
}

const ABOUT = { resource: 'entra:token', permission: 'entra:token' }

/**
 * The identity of this machine in Azure: from environment variables, of a workload, a managed identity, or the login of `az`.
 * https://learn.microsoft.com/azure/developer/javascript/sdk/authentication/credential-chains#defaultazurecredential-overview
 */
export class AzureIdentity implements TokenCredential {
  readonly #transport: Transport
  readonly #authority: string
  #chain: TokenCredential | undefined

  /** @throws `usage` for an authority of another cloud, and for a private one that would get the token of a pod */
  constructor({ cloud, ca, credential }: IdentityOptions) {
    this.#chain = credential
    this.#transport = new Transport(ca)
    this.#authority = authorityOf(cloud, process.env)
  }

  /** After an abort the SDK's request is left running, because it cannot be cancelled. @throws `unauthorized`, and connection errors */
  async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
    this.#transport.failure = undefined
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
      throw this.#transport.failure === undefined
        ? identityError(error)
        : azureError(this.#transport.failure, ABOUT)
    } finally {
      over.abort()
    }
  }

  /** @throws if the environment describes no identity */
  #findIdentity(): TokenCredential {
    return new DefaultAzureCredential({
      ...this.#transport.options,
      authorityHost: this.#authority,
      // The SDK would ask Microsoft about a private authority, which Microsoft does not know.
      disableInstanceDiscovery: cloudOfAuthority(this.#authority) === undefined,
    })
  }
}

/**
 * The authority that signs tokens of a cloud. The token of a pod stands for the pod everywhere, so it goes to Microsoft's authorities
 * alone; a private authority takes other logins.
 */
function authorityOf(cloud: AzureCloud, env: NodeJS.ProcessEnv): string {
  const named = env['AZURE_AUTHORITY_HOST']
  if (!named) return CLOUDS[cloud].authority
  const known = cloudOfAuthority(named)
  if (URL.parse(named)?.protocol !== 'https:') throw authorityError(named, 'is no https URL')
  if (known === undefined && env['AZURE_FEDERATED_TOKEN_FILE'])
    throw authorityError(named, 'is no authority of Microsoft, so it gets no token of a workload identity')
  if (known !== undefined && known !== cloud)
    throw authorityError(named, `is of another cloud of Azure (${known}) than what is asked for (${cloud})`)
  return named
}

const authorityError = (named: string, what: string): GpregError =>
  new GpregError('usage', `AZURE_AUTHORITY_HOST, ${named}, ${what}`, {
    hint: `leave it out, or set it to ${Object.values(CLOUDS)
      .map(({ authority }) => authority)
      .join(', ')}`,
  })

async function untilAborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort', { signal: over })
  throw abortedError()
}

/** The reason why this machine has no identity in Azure. Messages of Entra name the tenant and the application, never a secret. */
function identityError(thrown: unknown): GpregError {
  if (isGpregError(thrown)) return thrown
  const [said = ''] = (thrown as Error).message.split(/\r?\n(?=Trace ID)/, 1)
  const message = `no identity in Azure: ${said.replace(/\s+/g, ' ').slice(0, 500)}`
  return new GpregError('unauthorized', message, { hint: IDENTITY_HINT })
}
