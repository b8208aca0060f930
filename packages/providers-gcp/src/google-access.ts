import type { ServiceAccountKey, Context } from '@gpreg/core'
import { type LoginSource, type ShortLogin, GpregError, Sensitive } from '@gpreg/oci'
import { PATIENT, quirksOf, withRetry } from '@gpreg/oci/engine'
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

/**
 * Logs in to Google's registries with an identity in Google Cloud. It creates no repositories, because one repository holds many images.
 * https://cloud.google.com/artifact-registry/docs/docker/authentication#token
 */
export function createGoogleAccess(options: GoogleAccessOptions = {}): LoginSource {
  const { serviceAccountKey, auth = new GoogleAuth(authOptions(serviceAccountKey)) } = options
  return {
    async login(host: string, context: Context): Promise<ShortLogin> {
      // The token is one for all of Google Cloud, so no other host may get it.
      if (quirksOf(host).kind !== 'google') throw strangerError(host)
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

function strangerError(host: string): GpregError {
  return new GpregError('usage', `${host} is no registry of Google`, {
    host,
    hint: 'a registry of Google is gcr.io, eu.gcr.io, us.gcr.io, asia.gcr.io or LOCATION-docker.pkg.dev',
  })
}
