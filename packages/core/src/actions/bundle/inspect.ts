import type { Bundle, SignatureState } from '../../bundle/bundle.ts'
import { lockOf } from '../../bundle/foreign-layout.ts'
import type { Context } from '../../context.ts'
import type { Descriptor, Digest } from '@gpreg/oci'
import { allSettledOrThrow, cachingReader, readGraph } from '@gpreg/oci/engine'
import type { LockBase } from '../../documents/lock.ts'
import { describeContent, type ImageContent } from '../image-content.ts'
import { readConfigs } from './configs.ts'

export interface InspectedImage extends Omit<ImageContent, 'referrers'> {
  readonly source: string
  /** names of the image in the bundle, relative to the prefix that the bundle is loaded to */
  readonly paths: readonly string[]
  readonly digest: Digest
  /** why the image is there */
  readonly origins: readonly string[]
  readonly referrers: NonNullable<ImageContent['referrers']>
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

/** Describes the content of a bundle. Of its blobs, only the configs of images are read. */
export async function inspectBundle(bundle: Bundle, context: Context): Promise<BundleInspection> {
  const lock = await lockOf(bundle, context)
  const read = cachingReader()
  const blobs = new Map<Digest, number>()
  const images: InspectedImage[] = []
  const repository = bundle.store.repository('')
  const call = { signal: context.signal }
  for (const { source, paths = [], origins, referrers, ...root } of lock.images) {
    const graphOf = (each: Descriptor) => readGraph(repository, each, read, call)
    const graph = await graphOf(root)
    const others = await allSettledOrThrow(referrers.map(graphOf))
    for (const { digest, size } of [graph, ...others].flatMap(each => each.blobs))
      if (await bundle.store.holds(digest)) blobs.set(digest, size)
    const configs = await readConfigs(bundle, graph.manifests, call)
    const content = describeContent(graph, referrers, configs)
    images.push({
      source,
      paths,
      digest: root.digest,
      origins,
      ...content,
      referrers: content.referrers ?? [],
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
