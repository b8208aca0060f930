import type { Context } from '@gpreg/core'
import type { ReadableRepository, Reference } from '@gpreg/oci'
import { createRegistries, type Registries, type RegistriesOptions } from '@gpreg/oci/engine'
import { createClouds } from './clouds.ts'
import { standardInput } from './standard-input.ts'

/** The things that a command works with. */
export interface World {
  readonly context: Context
  readonly registries: Registries
  openVersions(reference: Reference): Promise<ReadableRepository>
  stdin(): Promise<string>
}

/** The composition root: creates the parts of a command and puts them together. */
export async function openWorld(options: RegistriesOptions, context: Context): Promise<World> {
  const registries = await createRegistries({ clouds: createClouds(), ...options }, context)
  return {
    context,
    registries,
    openVersions: async reference => registries.open('source', reference).repository,
    stdin: standardInput(context.signal),
  }
}
