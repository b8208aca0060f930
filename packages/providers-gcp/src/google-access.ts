import type { Context } from '@gpreg/core'
import { onFirstUse } from '@gpreg/core/provider'
import { type LoginSource, GpregError } from '@gpreg/oci'
import { quirksOf } from '@gpreg/oci/engine'
import type { GoogleAccessOptions } from './google-login.ts'

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
