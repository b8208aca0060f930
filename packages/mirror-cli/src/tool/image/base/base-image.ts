import {
  fetchManifest,
  formatReference,
  GpregError,
  isGpregError,
  MediaType,
  parsePlatform,
  parseReference,
  type Artifact,
  type Descriptor,
  type Platform,
  type ReadableRepository,
} from '@gpreg/oci'
import { fetchBytes, tagOrDigest, type Registries } from '@gpreg/oci/engine'
import { parseImageConfig } from '../image-config.ts'
import type { NodeBinary } from '../node-binaries.ts'

/** An image for one platform, which gpreg's layers are put on. */
export interface BasePlatform {
  readonly node: NodeBinary
  readonly platform: Platform
  readonly config: Readonly<Record<string, unknown>>
  readonly layers: readonly Descriptor[]
  /** digest of the manifest of this platform */
  readonly digest: string
}

/** The image that `--base` names. @throws `reference-invalid` */
export function openBase(text: string, registries: Registries): Artifact<ReadableRepository> {
  const reference = parseReference(text)
  const { host, repository } = registries.open('source', reference)
  const place = { store: host, repository }
  return {
    name: formatReference(reference),
    reference: tagOrDigest(reference),
    source: place,
    target: place,
  }
}

/**
 * The base image for each Linux that a Node is at hand for.
 * @throws `platform-refused` if there is none, and the errors of reading the image
 */
export async function basePlatforms(
  base: Artifact<ReadableRepository>,
  nodes: readonly NodeBinary[],
  signal: AbortSignal,
): Promise<BasePlatform[]> {
  const found: BasePlatform[] = []
  for (const node of nodes) {
    const platform = await basePlatform(base, node, signal)
    if (platform !== undefined) found.push(platform)
  }
  if (found.length > 0) return found
  const at = nodes.map(({ architecture }) => `linux/${architecture}`).join(', ')
  throw new GpregError(
    'platform-refused',
    `${base.name} is not offered for ${at}, which a Node is at hand for`,
    {
      reference: base.name,
      hint: 'name a Node for one of its platforms with --node FILE, or another image as --base',
    },
  )
}

async function basePlatform(
  base: Artifact<ReadableRepository>,
  node: NodeBinary,
  signal: AbortSignal,
): Promise<BasePlatform | undefined> {
  try {
    const wanted = `linux/${node.architecture}`
    const { manifest, descriptor } = await fetchManifest(base, { platform: wanted, signal })
    const bytes = await fetchBytes(base.source.repository, manifest.config, { signal })
    const config = parseImageConfig(bytes, base.name)
    const { variant } = config
    const platform = { ...parsePlatform(wanted), ...(typeof variant === 'string' ? { variant } : {}) }
    return { node, platform, config, layers: manifest.layers.map(asOci), digest: descriptor.digest }
  } catch (error) {
    if (isGpregError(error, 'platform-refused')) return undefined
    throw error
  }
}

/** Docker's media types for layers and those of OCI: the bytes are the same, and a manifest of OCI has its own. */
const OCI_LAYERS: Readonly<Record<string, string>> = {
  [MediaType.dockerLayerGzip]: MediaType.ociLayerGzip,
  'application/vnd.docker.image.rootfs.diff.tar': 'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.docker.image.rootfs.diff.tar.zstd': 'application/vnd.oci.image.layer.v1.tar+zstd',
}

function asOci(layer: Descriptor): Descriptor {
  return { ...layer, mediaType: OCI_LAYERS[layer.mediaType] ?? layer.mediaType }
}
