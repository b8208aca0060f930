import { addAbortSignal } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Context } from '@gpreg/core'
import {
  createRegistries,
  GpregError,
  type ReadableRepository,
  type Reference,
  type Registries,
  type RegistriesOptions,
} from '@gpreg/oci'
import { createClouds } from './clouds.ts'

/** What a command works with. */
export interface World {
  readonly context: Context
  readonly registries: Registries
  openVersions(reference: Reference): Promise<ReadableRepository>
  stdin(): Promise<string>
}

/** The composition root: the one place where a command's parts are put together. */
export async function openWorld(options: RegistriesOptions, context: Context): Promise<World> {
  const registries = await createRegistries({ clouds: createClouds(), ...options }, context)
  return {
    context,
    registries,
    openVersions: async reference => registries.open('source', reference).repository,
    stdin: once(() => text(addAbortSignal(context.signal, process.stdin))),
  }
}

/** Standard input is gone once it has been read: `--images - --manifests -` would find the second one empty. */
function once(read: () => Promise<string>): () => Promise<string> {
  let done = false
  return async () => {
    if (done)
      throw new GpregError('usage', 'standard input (-) was named twice', {
        hint: 'put one of the two into a file',
      })
    done = true
    return read()
  }
}
