import { formatPlatform, MediaType, type Descriptor, type Digest, type ManifestNode } from '@gpreg/oci'
import { isRecord } from '@gpreg/oci/engine'

/** What an image is made of, as far as its manifests and the configs that were read tell. */
export interface ImageContent {
  /** `os/architecture[/variant]`; empty if only a config that was not read names them */
  readonly platforms: readonly string[]
  /** bytes of all configs and layers, without referrers */
  readonly bytes: number
  /** configs and layers, each once */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[]
  /** Signatures, attestations and SBOMs. `type` is the suffix of cosign's tag, or the artifact or media type. */
  readonly referrers?: readonly { readonly digest: Digest; readonly type: string }[]
  /** When the newest of its platforms was built, ISO 8601. */
  readonly created?: string
  /** The licence as the image says it, usually an SPDX expression. */
  readonly licenses?: string
}

interface Graph {
  readonly manifests: readonly ManifestNode[]
  readonly blobs: readonly Descriptor[]
}

/** Describes an image. @param configs the configs of its manifests that were read, by digest */
export function describeContent(
  { manifests, blobs }: Graph,
  referrers?: readonly Parameters<typeof referrerOf>[0][],
  configs: ReadonlyMap<Digest, Uint8Array> = new Map(),
): ImageContent {
  const read = manifests.flatMap(({ manifest }) => {
    const bytes = manifest.kind === 'manifest' ? configs.get(manifest.config.digest) : undefined
    return bytes === undefined ? [] : [readConfig(bytes)]
  })
  const named = manifests.flatMap(({ manifest }) =>
    manifest.kind === 'index'
      ? manifest.manifests.flatMap(({ platform }) => (platform ? formatPlatform(platform) : []))
      : [],
  )
  const platforms = new Set([...named, ...read.flatMap(({ platform }) => platform ?? [])])
  // BuildKit gives attestations in an index this platform.
  platforms.delete('unknown/unknown')
  const annotations = manifests.map(({ manifest }) => manifest.annotations ?? {})
  const created = newest([...read.map(each => each.created), ...annotations.map(each => each[CREATED])])
  const licenses = [...annotations, ...read.map(({ labels }) => labels)].map(each => each[LICENSES])
  const license = licenses.find(text => text !== undefined && text !== '')
  return {
    platforms: [...platforms],
    bytes: blobs.reduce((sum, { size }) => sum + size, 0),
    blobs: blobs.map(({ digest, size }) => ({ digest, size })),
    ...(referrers === undefined ? {} : { referrers: referrers.map(referrerOf) }),
    ...(created === undefined ? {} : { created }),
    ...(license === undefined ? {} : { licenses: license }),
  }
}

/** The configs of images below these manifests. Those of other artifacts say nothing about a platform or a licence. */
export function imageConfigs(manifests: readonly ManifestNode[]): Descriptor[] {
  return manifests.flatMap(({ manifest }) =>
    manifest.kind === 'manifest' && isImageConfig(manifest.config) ? [manifest.config] : [],
  )
}

/** Largest config that is read for its description, in bytes; real ones have some kilobytes. */
const MOST_BYTES = 4 * 1024 * 1024

export function isImageConfig({ mediaType, size }: Descriptor): boolean {
  return size <= MOST_BYTES && (mediaType === MediaType.ociConfig || mediaType === MediaType.dockerConfig)
}

interface FoundReferrer {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType?: string
  readonly tag?: string
}

export function referrerOf({ digest, artifactType, mediaType, tag }: FoundReferrer) {
  return { digest, type: tag?.replace(/^.*\./, '') ?? artifactType ?? mediaType }
}

// https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys
const CREATED = 'org.opencontainers.image.created'
const LICENSES = 'org.opencontainers.image.licenses'

interface ConfigFacts {
  readonly platform?: string
  readonly created: string | undefined
  readonly labels: Readonly<Record<string, string | undefined>>
}

/** Reads what is known of a config. Anything else in it is passed over: a description is no check. */
function readConfig(bytes: Uint8Array): ConfigFacts {
  const config = parse(bytes)
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const [os, architecture, variant] = [text(config.os), text(config.architecture), text(config.variant)]
  const inner = isRecord(config.config) && isRecord(config.config.Labels) ? config.config.Labels : {}
  return {
    ...(os === undefined || architecture === undefined
      ? {}
      : { platform: formatPlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) }) }),
    created: text(config.created),
    labels: { [LICENSES]: text(inner[LICENSES]) },
  }
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const config: unknown = JSON.parse(Buffer.from(bytes).toString())
    return isRecord(config) ? config : {}
  } catch {
    return {}
  }
}

/** The newest moment. Builds that want to be reproducible say the year 1 or 1970, which tells nothing. */
function newest(texts: readonly (string | undefined)[]): string | undefined {
  const moments = texts.map(text => Date.parse(text ?? '')).filter(moment => moment > 0)
  return moments.length === 0 ? undefined : new Date(Math.max(...moments)).toISOString()
}
