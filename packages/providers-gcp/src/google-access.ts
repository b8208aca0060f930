import type { Context, ServiceAccountKey } from '@gpreg/core'
import { onFirstUse } from '@gpreg/core/provider'
import { type LoginSource, GpregError } from '@gpreg/oci'
import { quirksOf } from '@gpreg/oci/engine'

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

/**
 * Logs in to Google's registries with an identity in Google Cloud. It creates no repositories, because one repository holds many images.
 * The SDK loads with the first login.
 * https://cloud.google.com/artifact-registry/docs/docker/authentication#token
 */
export function createGoogleAccess(options: GoogleAccessOptions = {}): LoginSource {
  const opened = onFirstUse(async () => {
    const { openGoogleLogin } = await import('./google-login.ts')
    return openGoogleLogin(options)
  })
  return {
    async login(host: string, context: Context) {
      // The token is one for all of Google Cloud, so no other host may get it.
      if (quirksOf(host).kind !== 'google') throw strangerError(host)
      return (await opened()).login(host, context)
    },
  }
}

function strangerError(host: string): GpregError {
  return new GpregError('usage', `${host} is no registry of Google`, {
    host,
    hint: 'a registry of Google is gcr.io, eu.gcr.io, us.gcr.io, asia.gcr.io or LOCATION-docker.pkg.dev',
  })
}
