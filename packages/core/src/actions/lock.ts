import type { Context } from '../context.ts'
import {
  formatPlatform,
  formatReference,
  type Descriptor,
  type GpregError,
  type ManifestNode,
  type Platform,
  type ReadableRepository,
} from '@gpreg/oci'
import {
  cachingReader,
  readGraph,
  readNamed,
  type ManifestReader,
  descriptorOf,
  filterPlatforms,
  findReferrers,
  unnamedPlatforms,
  type Call,
  type FoundReferrers,
  warnOfUnknownReferrers,
  unlessAborted,
  mapLimited,
  tagOrDigest,
  type Registries,
} from '@gpreg/oci/engine'
import type { ImageEntry, ImageSet, LockedImage } from '../gitpod/image-set.ts'
import type { SignaturePolicy } from '../signatures/rules.ts'
import { createLock, lockedImage, type Lock } from '../documents/lock.ts'

export interface LockOptions {
  /** Only these platforms of every index; default all. The lock has the digest of the whole index, too. */
  readonly platforms?: readonly Platform[]
  /** Pin signatures and other referrers; default true. */
  readonly referrers?: boolean
  /** Fail an image if the source does not tell all its referrers; default false. */
  readonly requireReferrers?: boolean
  /** Who must have signed the images; an image that is not signed so fails. Default nobody. */
  readonly policy?: SignaturePolicy
}

export interface LockResult {
  readonly lock: Lock
  /** Images that could not be resolved; the lock lacks them. */
  readonly failed: readonly { readonly source: string; readonly error: GpregError }[]
}

const LOOKS_AT_ONCE = 16

/** Resolves every image to its current digest and size. All manifests of the image are read and checked. */
export async function lockImages(
  set: ImageSet,
  registries: Registries,
  options: LockOptions,
  context: Context,
): Promise<LockResult> {
  const read = cachingReader()
  const bySource = new Map(set.images.map(entry => [formatReference(entry.source), entry]))
  context.emit({ type: 'plan.started', images: bySource.size })
  const failed: { source: string; error: GpregError }[] = []
  const locked = await mapLimited(bySource, LOOKS_AT_ONCE, async ([source, entry]) => {
    try {
      return [{ entry, image: await lockImage(entry, registries, read, options, context) }]
    } catch (thrown) {
      const error = unlessAborted(thrown)
      failed.push({ source, error: error.about({ side: 'source', reference: source }) })
      return []
    } finally {
      context.emit({ type: 'plan.image', image: source, upToDate: false })
    }
  })
  return { lock: createLock(locked.flat(), new Date(context.now())), failed }
}

async function lockImage(
  entry: ImageEntry,
  registries: Registries,
  read: ManifestReader,
  options: LockOptions,
  context: Context,
): Promise<LockedImage> {
  const { repository } = registries.open('source', entry.source)
  const call = { signal: context.signal }
  const named = await readNamed(repository, tagOrDigest(entry.source), call)
  const { whole, filtered } = await filter(entry, named, { repository, read, call }, options)
  const { digest } = descriptorOf(whole)
  const verified = await options.policy?.admit(
    { name: formatReference(entry.source), repository, digest },
    call,
  )
  const graph = await readGraph(repository, filtered, read, call)
  const lock = (referrers: FoundReferrers['referrers']): LockedImage => ({
    ...lockedImage(whole === filtered ? graph.root : descriptorOf(whole), graph.blobs, referrers),
    ...(whole === filtered
      ? {}
      : {
          filtered: { platforms: (options.platforms ?? []).map(formatPlatform), digest: graph.root.digest },
        }),
    ...(verified === undefined ? {} : { verified }),
  })
  const digests = graph.manifests.map(({ descriptor }) => descriptor.digest)
  if (options.referrers === false) return lock([])
  const { referrers, unknown } = await findReferrers(repository, digests, call)
  if (unknown !== undefined && options.requireReferrers) throw unknown
  if (unknown !== undefined) warnOfUnknownReferrers(context, formatReference(entry.source), unknown)
  return lock(referrers)
}

interface Source {
  readonly repository: ReadableRepository
  readonly read: ManifestReader
  readonly call: Call
}

/** The root that the source has, and what is left of it if only some platforms are taken. */
async function filter(
  { source }: ImageEntry,
  named: Descriptor | ManifestNode,
  { repository, read, call }: Source,
  { platforms = [] }: LockOptions,
): Promise<{ readonly whole: Descriptor | ManifestNode; readonly filtered: Descriptor | ManifestNode }> {
  if (platforms.length === 0) return { whole: named, filtered: named }
  const whole = 'manifest' in named ? named : await read(repository, named, call)
  const unnamed = await unnamedPlatforms(repository, whole, read, call)
  return { whole, filtered: filterPlatforms(whole, platforms, formatReference(source), unnamed) }
}
