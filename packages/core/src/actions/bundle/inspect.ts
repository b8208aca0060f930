import type { Bundle, SignatureState } from '../../bundle/bundle.ts'
import { lockOf } from '../../bundle/foreign-layout.ts'
import type { Context } from '../../context.ts'
import { type Descriptor, type Digest, formatPlatform } from '@gpreg/oci'
import { cachingReader, readGraph, allSettledOrThrow } from '@gpreg/oci/engine'
import type { LockBase } from '../../documents/lock.ts'

export interface InspectedImage {
  readonly source: string
  /** names of the image in the bundle, relative to the prefix that the bundle is loaded to */
  readonly paths: readonly string[]
  readonly digest: Digest
  readonly platforms: readonly string[]
  /** bytes of all blobs of the image, without its referrers */
  readonly bytes: number
  /** Signatures, attestations and SBOMs of the image. `type` is the suffix of cosign's tag, or the artifact or media type. */
  readonly referrers: readonly { readonly digest: Digest; readonly type: string }[]
}

/** The answer of `gpreg bundle inspect --json`. */
export interface BundleInspection {
  readonly kind: 'BundleInspection'
  readonly version: 1
  readonly bundle: string
  readonly created: string
  readonly tool?: string
  readonly signature: SignatureState
  readonly volumes: readonly { readonly name: string; readonly size: number }[]
  readonly images: readonly InspectedImage[]
  /** The receipt that a differential bundle is based on, and the blobs that the bundle leaves out. */
  readonly base?: {
    readonly receipt: Digest
    readonly created: string
    readonly blobs: number
    readonly bytes: number
  }
  readonly totals: { readonly images: number; readonly blobs: number; readonly bytes: number }
}

/** Describes the content of a bundle. Blobs are not read. */
export async function inspectBundle(bundle: Bundle, context: Context): Promise<BundleInspection> {
  const lock = await lockOf(bundle, context)
  const read = cachingReader()
  const blobs = new Map<Digest, number>()
  const images: InspectedImage[] = []
  for (const { source, paths = [], bytes, referrers, ...root } of lock.images) {
    const graphOf = (each: Descriptor) =>
      readGraph(bundle.store.repository(''), each, read, { signal: context.signal })
    const graph = await graphOf(root)
    const others = await allSettledOrThrow(referrers.map(graphOf))
    for (const { digest, size } of [graph, ...others].flatMap(each => each.blobs))
      if (await bundle.store.holds(digest)) blobs.set(digest, size)
    const platforms = graph.manifests.flatMap(({ manifest }) =>
      manifest.kind === 'index' ? manifest.manifests.flatMap(({ platform }) => platform ?? []) : [],
    )
    images.push({
      source,
      paths,
      digest: root.digest,
      platforms: [...new Set(platforms.map(formatPlatform))],
      bytes,
      referrers: referrers.map(({ digest, artifactType, mediaType, tag }) => ({
        digest,
        type: tag?.replace(/^.*\./, '') ?? artifactType ?? mediaType,
      })),
    })
  }
  const { sidecar, volumes } = bundle.files
  return {
    kind: 'BundleInspection',
    version: 1,
    bundle: bundle.name,
    created: lock.created,
    ...(sidecar === undefined ? {} : { tool: sidecar.document.tool }),
    signature: bundle.signature,
    volumes: volumes.map(({ name, size }) => ({ name, size })),
    images,
    ...(lock.base === undefined ? {} : { base: summarise(lock.base) }),
    totals: {
      images: images.length,
      blobs: blobs.size,
      bytes: [...blobs.values()].reduce((sum, size) => sum + size, 0),
    },
  }
}

function summarise({ receipt, created, blobs }: LockBase) {
  return { receipt, created, blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) }
}
