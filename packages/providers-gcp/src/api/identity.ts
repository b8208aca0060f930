import type { ServiceAccountKey } from '@gpreg/core'
import { GpregError, isGpregError } from '@gpreg/oci'
import { GoogleAuth, Status, type GoogleAuthOptions } from 'google-gax'
import { gcpError, IDENTITY_HINT } from './errors.ts'
import { failureOf } from './failure.ts'

/** https://developers.google.com/identity/protocols/oauth2/scopes: what may be done is for roles to say */
const SCOPES = 'https://www.googleapis.com/auth/cloud-platform'

/** Milliseconds before the end of a token: core asks for the next one a quarter of an hour before. */
const RENEWED = 20 * 60_000

/** As the SDK finds an identity on this machine, or as the key of a service account says. */
export function authOptions(key?: ServiceAccountKey): GoogleAuthOptions {
  return {
    scopes: SCOPES,
    clientOptions: { eagerRefreshThresholdMillis: RENEWED },
    ...(key === undefined ? {} : { credentials: JSON.parse(key.json.reveal()) }),
  }
}

/** What the clients of the SDK are somebody with. */
export class GoogleIdentity extends GoogleAuth {
  constructor(key?: ServiceAccountKey) {
    super(authOptions(key))
  }

  /** A token that cannot be had shows here, before some call is refused for it. */
  override async getClient() {
    const client = await super.getClient()
    await client.getRequestHeaders()
    return client
  }

  /**
   * An operation that failed, over REST, is made a request that failed: the SDK has types for the details of the latter, and
   * cannot read the former at all.
   */
  override async fetch<T>(
    ...args: Parameters<GoogleAuth['fetch']>
  ): ReturnType<typeof GoogleAuth.prototype.fetch<T>> {
    const { status, text } = await this.#send<T>(args)
    const failed = failedOperation(text)
    const answer = failed ? Response.json(failed, { status: 400 }) : new Response(text || null, { status })
    return answer as Awaited<ReturnType<typeof GoogleAuth.prototype.fetch<T>>>
  }

  async #send<T>(args: Parameters<GoogleAuth['fetch']>) {
    const response = await super.fetch<T>(...args)
    return { status: response.status, text: await response.text() }
  }
}

function failedOperation(text: string): object | undefined {
  const { done, error } = JSON.parse(text || '{}') as { done?: boolean; error?: { code: number } }
  return done && error ? { error: { ...error, status: Status[error.code] } } : undefined
}

/** What kept a machine from being somebody in Google Cloud. */
export function identityError(thrown: unknown): GpregError {
  if (isGpregError(thrown)) return thrown
  const { name, message } = thrown as Error
  const code = failureOf(thrown)?.code
  const isLine = 'config' in (thrown as object) && code === undefined
  if (isLine || code === Status.RESOURCE_EXHAUSTED || code === Status.UNAVAILABLE || code === Status.INTERNAL)
    return gcpError(thrown, { project: '', resource: 'iam:token', permission: 'iam.token' })
  // An error of syntax quotes what it could not read, and that is a key.
  const said = name === 'SyntaxError' ? 'what was found cannot be read' : message.slice(0, 300)
  return new GpregError('unauthorized', `no identity in Google Cloud: ${said}`, { hint: IDENTITY_HINT })
}
