import type { ServiceAccountKey } from '@gpreg/core'
import { GpregError, isGpregError } from '@gpreg/oci'
import { GoogleAuth, Status, type GoogleAuthOptions } from 'google-gax'
import { gcpError, IDENTITY_HINT } from './errors.ts'
import { failureOf } from './failure.ts'

/** https://developers.google.com/identity/protocols/oauth2/scopes. Roles, not scopes, limit the permissions. */
const SCOPES = 'https://www.googleapis.com/auth/cloud-platform'

/** In milliseconds: the SDK renews a token this long before its end, which is earlier than @gpreg/oci asks (15 minutes). */
const RENEW_BEFORE_END = 20 * 60_000

/** Sign-in with the key of a service account, or with the identity that the SDK finds on this machine. */
export function authOptions(key?: ServiceAccountKey): GoogleAuthOptions {
  return {
    scopes: SCOPES,
    clientOptions: { eagerRefreshThresholdMillis: RENEW_BEFORE_END },
    ...(key === undefined ? {} : { credentials: JSON.parse(key.json.reveal()) }),
  }
}

/** The identity of the SDK's clients. */
export class GoogleIdentity extends GoogleAuth {
  constructor(key?: ServiceAccountKey) {
    super(authOptions(key))
  }

  /** Gets a token at once, so that a missing identity fails here and not in a later call. */
  override async getClient() {
    const client = await super.getClient()
    await client.getRequestHeaders()
    return client
  }

  /**
   * Turns a failed operation into a failed request, over REST: the SDK decodes the details of a failed request, but cannot
   * read a failed operation at all.
   */
  override async fetch<T>(
    ...args: Parameters<GoogleAuth['fetch']>
  ): ReturnType<typeof GoogleAuth.prototype.fetch<T>> {
    const { status, text } = await this.#send<T>(args)
    const failed = failedOperation(text)
    const answer = failed ? Response.json(failed, { status: 400 }) : new Response(text || null, { status })
    return answer as Awaited<ReturnType<typeof GoogleAuth.prototype.fetch<T>>>
  }

  /** Sends a request by the proxies of the environment: the agent of the SDK's clients knows none, and without it they are looked up. */
  async #send<T>(args: Parameters<GoogleAuth['fetch']>) {
    const [url, options] = args as [string, object?]
    const response = await super.fetch<T>(url, { ...options, agent: undefined } as RequestInit)
    return { status: response.status, text: await response.text() }
  }
}

function failedOperation(text: string): object | undefined {
  const { done, error } = JSON.parse(text || '{}') as { done?: boolean; error?: { code: number } }
  return done && error ? { error: { ...error, status: Status[error.code] } } : undefined
}

/** The used part of a client of the SDK. */
interface Client {
  initialize(): Promise<unknown>
}

/**
 * Signs in before the first call. If the SDK's own sign-in fails within a call, it ends the process.
 * @throws `unauthorized`
 */
export async function identify({
  services,
  repositories,
}: Record<'services' | 'repositories', Client>): Promise<void> {
  try {
    await services.initialize()
    await repositories.initialize()
  } catch (error) {
    throw identityError(error)
  }
}

/** The reason why this machine has no identity in Google Cloud. */
export function identityError(thrown: unknown): GpregError {
  if (isGpregError(thrown)) return thrown
  const { name, message } = thrown as Error
  const code = failureOf(thrown)?.code
  const isConnection = 'config' in (thrown as object) && code === undefined
  if (
    isConnection ||
    code === Status.RESOURCE_EXHAUSTED ||
    code === Status.UNAVAILABLE ||
    code === Status.INTERNAL
  )
    return gcpError(thrown, { project: '', resource: 'iam:token', permission: 'iam.token' })
  // A syntax error quotes the text that it could not read, which is a key.
  const said = name === 'SyntaxError' ? 'what was found cannot be read' : message.slice(0, 300)
  return new GpregError('unauthorized', `no identity in Google Cloud: ${said}`, { hint: IDENTITY_HINT })
}
