import type { Context } from '@gpreg/core'
import { onFirstUse } from '@gpreg/core/provider'
import { type LoginSource, GpregError } from '@gpreg/oci'
import type { AcrLoginOptions } from './acr-login.ts'
import { cloudOfHost, type AzureCloud } from './api/clouds.ts'

export interface AcrAccessOptions extends AcrLoginOptions {
  /** Login servers that are not below `azurecr`, each with its cloud. No other host gets a login. */
  readonly loginServers?: Readonly<Record<string, AzureCloud>>
}

/** Logs in to registries of Azure with an identity in Entra. A push creates the repository. The SDK loads with the first login. */
export function createAcrAccess(options: AcrAccessOptions = {}): LoginSource {
  const { loginServers = {} } = options
  const opened = onFirstUse(async () => {
    const { openAcrLogin } = await import('./acr-login.ts')
    return openAcrLogin(options)
  })
  return {
    async login(host: string, context: Context) {
      const cloud = cloudOf(host, loginServers)
      return (await opened()).login(host, cloud, context)
    },
  }
}

function cloudOf(host: string, others: Readonly<Record<string, AzureCloud>>): AzureCloud {
  const cloud = cloudOfHost(host) ?? (Object.hasOwn(others, host) ? others[host] : undefined)
  if (cloud !== undefined) return cloud
  // An unknown host is refused, because it would get a token that opens other registries, too.
  throw new GpregError('usage', `${host} is no registry of Azure`, {
    host,
    hint: 'a login server ends in .azurecr.io, .azurecr.us or .azurecr.cn; for another name, give loginServers its cloud',
  })
}
