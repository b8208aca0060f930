import { probeRegistry, type Check, type Context, type Login, type RegistriesOptions } from '@gpreg/core'

/** Tries a registry with the login that Gitpod will use. */
export function probeWith(options: RegistriesOptions) {
  return (login: Login, address: string, context: Context): Promise<readonly Check[]> =>
    probeRegistry(login, address, options, context)
}
