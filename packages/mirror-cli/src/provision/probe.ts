import { probeRegistry, type Check, type Context } from '@gpreg/core'
import type { Login } from '@gpreg/oci'
import type { RegistriesOptions } from '@gpreg/oci/engine'

/** Tries a registry with the login that Gitpod will use. */
export function probeWith(options: RegistriesOptions) {
  return (login: Login, address: string, context: Context): Promise<readonly Check[]> =>
    probeRegistry(login, address, options, context)
}
