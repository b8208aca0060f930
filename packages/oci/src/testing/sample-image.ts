import { MediaType, type Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import { contentFrom, type Repository } from '../store/content.ts'

/** An image, an index or an artifact with its content. Its layers are arbitrary bytes, because nobody unpacks them. */
export interface Sample {
  readonly descriptor: Descriptor
  readonly bytes: Buffer
  readonly blobs: ReadonlyMap<Digest, { readonly descriptor: Descriptor; readonly bytes: Buffer }>
  /** manifests of an index */
  readonly children: readonly Sample[]
}

interface Options {
  readonly docker?: boolean
  readonly architecture?: string
  readonly subject?: Descriptor
  readonly artifactType?: string
}

/** An image with these layers. The same text makes the same blob. */
export function sampleImage(layers: readonly (string | Buffer)[], options: Options = {}): Sample {
  const { docker, architecture = 'amd64', subject, artifactType } = options
  const config = describe(
    JSON.stringify({ os: 'linux', architecture, layers: layers.length }),
    docker ? MediaType.dockerConfig : MediaType.ociConfig,
  )
  const contents = layers.map(layer =>
    describe(layer, docker ? MediaType.dockerLayerGzip : MediaType.ociLayerGzip),
  )
  const mediaType = docker ? MediaType.dockerManifest : MediaType.ociManifest
  const manifest = describe(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      ...(artifactType === undefined ? {} : { artifactType }),
      config: config.descriptor,
      layers: contents.map(({ descriptor }) => descriptor),
      ...(subject === undefined ? {} : { subject }),
    }),
    mediaType,
  )
  return {
    ...manifest,
    blobs: new Map([config, ...contents].map(blob => [blob.descriptor.digest, blob])),
    children: [],
  }
}

/** An index with one image for each architecture. */
export function sampleIndex(children: Readonly<Record<string, Sample>>): Sample {
  const manifests = Object.entries(children).map(([architecture, { descriptor }]) => ({
    ...descriptor,
    platform: { os: 'linux', architecture },
  }))
  const index = describe(
    JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }),
    MediaType.ociIndex,
  )
  return { ...index, blobs: new Map(), children: Object.values(children) }
}

/** Pushes a sample, children first, with a tag or by digest only. */
export async function pushSample(repository: Repository, sample: Sample, tag?: string): Promise<void> {
  for (const child of sample.children) await pushSample(repository, child)
  for (const { descriptor, bytes } of sample.blobs.values())
    await repository.push(descriptor, contentFrom(bytes))
  if (tag === undefined) await repository.push(sample.descriptor, contentFrom(sample.bytes))
  else await repository.tag(tag, sample.descriptor, sample.bytes)
}

/** Bytes with their descriptor. */
export function describe(
  content: string | Buffer,
  mediaType: string,
): { descriptor: Descriptor; bytes: Buffer } {
  const bytes = Buffer.from(content)
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes }
}
