import { probeRegistry, type Check, type Context } from '@gpreg/core'
import type { Login, RegistriesOptions } from '@gpreg/oci'

/** Tries a registry with the login that Gitpod will use. */
export function probeWith(options: RegistriesOptions) {
  return (login: Login, address: string, context: Context): Promise<readonly Check[]> =>
    probeRegistry(login, address, options, context)
}
