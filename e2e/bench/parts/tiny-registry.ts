import { createHash } from 'node:crypto'
import { createContext } from '@gpreg/core'
import { createRegistryServer, MediaType, MemoryStore, contentFrom, digestOf } from '@gpreg/oci'

/**
 * Starts a source with many tiny images and an empty target, both in memory. It is a process of its own, so that gpreg's
 * memory is measured alone.
 *
 * node tiny-registry.ts IMAGES BLOBS-PER-IMAGE
 */
const [images, blobs] = process.argv.slice(2).map(Number) as [number, number]
const store = new MemoryStore()

for (let image = 0; image < images; image++) {
  const repository = store.repository(`docker.io/many/image-${image}`)
  const layers = []
  for (let nth = 0; nth < blobs - 1; nth++)
    layers.push(await push(`layer ${nth} of ${image}`, MediaType.ociLayerGzip))
  const config = await push(`{"image":${image}}`, MediaType.ociConfig)
  const manifest = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const descriptor = { mediaType: MediaType.ociManifest, digest: digestOf(bytes), size: bytes.byteLength }
  await repository.tag('1', descriptor, bytes)

  async function push(text: string, mediaType: string) {
    const content = Buffer.from(text.startsWith('{') ? text : createHash('sha256').update(text).digest('hex'))
    const blob = { mediaType, digest: digestOf(content), size: content.byteLength }
    await repository.push(blob, contentFrom(content))
    return blob
  }
}

const source = await createRegistryServer(store, {}, createContext()).listen('127.0.0.1', 0)
const target = await createRegistryServer(new MemoryStore(), {}, createContext()).listen('127.0.0.1', 0)
console.log(`ready 127.0.0.1:${source.port} 127.0.0.1:${target.port}`)
