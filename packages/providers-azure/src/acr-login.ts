import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
} from '@azure/core-rest-pipeline'
import type { Context } from '@gpreg/core'
import { type ShortLogin, GpregError, Sensitive } from '@gpreg/oci'
import { PATIENT, withRetry } from '@gpreg/oci/engine'
import type { TokenCredential } from '@azure/identity'
import { CLOUDS, type AzureCloud } from './api/clouds.ts'
import { azureError } from './api/errors.ts'
import { AzureIdentity } from './api/identity.ts'
import { Transport, PLAIN } from './api/transport.ts'

/** The user name of a login with a token. https://learn.microsoft.com/azure/container-registry/container-registry-authentication#az-acr-login-with---expose-token */
const TOKEN_USER = '00000000-0000-0000-0000-000000000000'

/** In milliseconds, the assumed life of a login without an expiry date. */
const ASSUMED_LIFE = 5 * 60_000

export interface AcrLoginOptions {
  /** PEM of all authorities to trust, the usual ones included */
  readonly ca?: readonly string[]
  /** default: the identity that the SDK finds */
  readonly credential?: TokenCredential
}

/** Logins to registries, made with the tokens of one identity in each cloud. */
export interface AcrLogin {
  /** @param cloud the cloud of the host */
  login(host: string, cloud: AzureCloud, context: Context): Promise<ShortLogin>
}

export function openAcrLogin({ ca, credential }: AcrLoginOptions): AcrLogin {
  const transport = new Transport(ca)
  const pipeline = createPipelineFromOptions(PLAIN)
  pipeline.addPolicy(transport, { afterPhase: 'Sign' })
  const identities = new Map<AzureCloud, AzureIdentity>()

  return {
    async login(host, cloud, context) {
      const identity = identities.get(cloud) ?? new AzureIdentity({ cloud, ca, credential })
      identities.set(cloud, identity)
      return withRetry(context, 'login to the registry', PATIENT, async () => {
        try {
          const scope = `${CLOUDS[cloud].registryAudience}/.default`
          const { token } = await identity.getToken(scope, { abortSignal: context.signal })
          return await exchange(host, token, context)
        } catch (error) {
          const about = { resource: `acr:registry/${host}`, permission: 'AcrPush' }
          throw azureError(error, about).about({ host })
        }
      })
    },
  }

  /** https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md#calling-post-oauth2exchange-to-get-an-acr-refresh-token */
  async function exchange(host: string, token: string, context: Context): Promise<ShortLogin> {
    const tenant = claimsOf(token)['tid']
    const form = new URLSearchParams({
      grant_type: 'access_token',
      service: host,
      ...(typeof tenant === 'string' ? { tenant } : {}),
      access_token: token,
    })
    const request = createPipelineRequest({
      url: `https://${host}/oauth2/exchange`,
      method: 'POST',
      headers: createHttpHeaders({ 'content-type': 'application/x-www-form-urlencoded' }),
      body: form.toString(),
      abortSignal: context.signal,
    })
    const { status, bodyAsText } = await pipeline.sendRequest(createDefaultHttpClient(), request)
    const refresh = status === 200 ? refreshTokenIn(bodyAsText ?? '') : undefined
    if (refresh === undefined) throw refusedError(host, status)
    const ends = claimsOf(refresh)['exp']
    const expiresAt = typeof ends === 'number' ? ends * 1000 : context.now() + ASSUMED_LIFE
    return { username: TOKEN_USER, password: new Sensitive(refresh), expiresAt, isRefreshToken: true }
  }
}

/** The message quotes nothing of the answer, because it may repeat the token. */
function refusedError(host: string, status: number): GpregError {
  const isRefused = [400, 401, 403].includes(status)
  const code = status === 200 || !isRefused ? 'protocol' : 'unauthorized'
  return new GpregError(code, `${host} gave no login for a token of Entra: status ${status}`, {
    status,
    ...(isRefused
      ? {
          hint: `whoever runs this needs AcrPush: az role assignment create --assignee YOU --role AcrPush --scope $(az acr show --name ${host.split('.', 1)[0]} --query id --output tsv); AZURE_TENANT_ID must be the tenant of the registry`,
        }
      : { hint: 'is it a login server of Azure Container Registry, and is nothing in between?' }),
  })
}

function refreshTokenIn(text: string): string | undefined {
  const { refresh_token: token } = parse(text)
  return typeof token === 'string' && token !== '' ? token : undefined
}

/** The claims of a JWT. The signature is not checked, because only the registry relies on the claims. https://www.rfc-editor.org/rfc/rfc7519 */
function claimsOf(token: string): Record<string, unknown> {
  return parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}
