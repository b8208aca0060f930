import type { Context, ServiceAccountKey } from '@gpreg/core'
import { type LoginSource, type ShortLogin, GpregError, Sensitive } from '@gpreg/oci'
import { PATIENT, unifyProxies, withRetry } from '@gpreg/oci/engine'
import { GoogleAuth } from 'google-gax'
import { authOptions, identityError } from './api/identity.ts'

/** The used part of google-auth-library. */
export interface TokenSource {
  getClient(): Promise<{
    getAccessToken(): Promise<{ token?: string | null }>
    readonly credentials: { readonly expiry_date?: number | null }
  }>
}

export interface GoogleAccessOptions {
  readonly auth?: TokenSource
  /** default: the identity that the SDK finds */
  readonly serviceAccountKey?: ServiceAccountKey
}

/** In milliseconds, the assumed life of a token without an expiry date. */
const ASSUMED_LIFE = 5 * 60_000

/** The logins of one identity. @throws `usage` for a proxy that cannot be used */
export function openGoogleLogin(options: GoogleAccessOptions): LoginSource {
  unifyProxies(process.env)
  const { serviceAccountKey, auth = new GoogleAuth(authOptions(serviceAccountKey)) } = options
  return {
    async login(host: string, context: Context): Promise<ShortLogin> {
      return withRetry(context, 'access token', PATIENT, async () => {
        try {
          const client = await auth.getClient()
          const { token } = await client.getAccessToken()
          if (!token) throw new GpregError('unauthorized', 'Google gave no access token', { host })
          const expiresAt = client.credentials.expiry_date ?? context.now() + ASSUMED_LIFE
          return { username: 'oauth2accesstoken', password: new Sensitive(token), expiresAt }
        } catch (error) {
          throw identityError(error).about({ host })
        }
      })
    },
  }
}
