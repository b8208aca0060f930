import type { Digest } from './digest.ts'
import type { Platform } from './platform.ts'

/** Names content: what it is, which bytes, how many. https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** bytes */
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
  readonly artifactType?: string
  /** URLs of a foreign (non-distributable) layer. */
  readonly urls?: readonly string[]
}

export const MediaType = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  octetStream: 'application/octet-stream',
} as const

const KNOWN: ReadonlyMap<string, string> = new Map(Object.values(MediaType).map(type => [type, type]))

/** The same media type as a shared string, because a set of images may name one type a hundred thousand times. */
export function sharedMediaType(type: string): string {
  return KNOWN.get(type) ?? type
}

const INDEXES: ReadonlySet<string> = new Set([MediaType.ociIndex, MediaType.dockerManifestList])
const MANIFESTS: ReadonlySet<string> = new Set([MediaType.ociManifest, MediaType.dockerManifest])

/** The manifest types that gpreg reads, as an `Accept` header. */
export const ACCEPT_MANIFESTS = [...MANIFESTS, ...INDEXES].join(', ')

export function isIndexType(mediaType: string): boolean {
  return INDEXES.has(mediaType)
}

/** A manifest or an index: content that registries keep under `/manifests/`. */
export function isManifestType(mediaType: string): boolean {
  return MANIFESTS.has(mediaType) || INDEXES.has(mediaType)
}

/** Foreign layers: their bytes are not in the registry but behind `urls`. */
export function isForeignLayer(descriptor: Descriptor): boolean {
  return (
    descriptor.mediaType === MediaType.dockerForeignLayer ||
    descriptor.mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.')
  )
}

/** Order of digests. */
export function byDigest(a: Descriptor, b: Descriptor): number {
  return a.digest === b.digest ? 0 : a.digest < b.digest ? -1 : 1
}

/** Order of blobs: largest first, and those of one digest beside one another. */
export function bySize(a: Descriptor, b: Descriptor): number {
  return b.size - a.size || byDigest(a, b)
}
