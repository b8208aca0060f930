import type { IncomingMessage } from 'node:http'
import { contentFrom } from '@gpreg/oci'
import { oddRegistry, scriptedServer, type Oddity, type OddRegistry, type Sample } from '@gpreg/oci/testing'
import { RawManifests } from './raw-manifests.ts'

/** A registry that takes any manifest whose parts it has. It does not read manifests with the code under test. */
export interface RawRegistry extends OddRegistry {
  readonly manifests: RawManifests
  /** A second server with the same content, such as the storage to which a registry redirects. */
  readonly storage: { readonly host: string; readonly oddities: Oddity[] }
  /** Requests with the status of their answers, for the report of a failure. */
  readonly log: readonly string[]
}

export async function rawRegistry(): Promise<RawRegistry> {
  const log: string[] = []
  const logged =
    (name: string): Oddity =>
    (request, response) => {
      response.once('close', () => log.push(lineOf(name, request, response.statusCode)))
    }
  const oddities: Oddity[] = []
  const asked: Oddity = (request, response) => oddities.some(odd => odd(request, response) === true)
  const registry = await oddRegistry(logged(''), asked)
  const manifests = new RawManifests(registry.store)
  registry.oddities.push(manifests.handle)

  const storageOddities: Oddity[] = []
  const atStorage = [
    logged('storage '),
    (...of: Parameters<Oddity>) => ask(storageOddities, of),
    manifests.handle,
  ]
  const storage = await scriptedServer((request, response) => {
    if (ask(atStorage, [request, response])) return
    return registry.handle(request, response)
  })
  return {
    ...registry,
    oddities,
    manifests,
    log,
    storage: { host: storage.host, oddities: storageOddities },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await storage[Symbol.asyncDispose]()
    },
  }
}

/** Stores an image with all its parts, below a tag or its digest. */
export async function stock(
  { store, manifests }: RawRegistry,
  repository: string,
  sample: Sample,
  tag: string = sample.descriptor.digest,
): Promise<void> {
  for (const child of sample.children) await stock({ store, manifests } as RawRegistry, repository, child)
  for (const { descriptor, bytes } of sample.blobs.values())
    await store.repository(repository).push(descriptor, contentFrom(bytes))
  manifests.put(repository, tag, sample.descriptor.mediaType, sample.bytes)
}

const ask = (oddities: readonly Oddity[], of: Parameters<Oddity>) => oddities.some(odd => odd(...of) === true)

const lineOf = (server: string, { method, url, headers }: IncomingMessage, status: number) =>
  `${server}${method} ${url!.slice(0, 160)} ${status}${headers.authorization === undefined ? '' : ' (login)'}`
