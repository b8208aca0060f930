import type { Context } from '../context.ts'
import { GpregError, type Descriptor, type Reference, type ReadableRepository } from '@gpreg/oci'
import {
  cachingReader,
  readGraph,
  findReferrers,
  unlessAborted,
  isManifestType,
  formatRelativeName,
  withoutHost,
  namesHost,
  tryParseReference,
  nameOf,
  type IndexEntry,
  splitName,
} from '@gpreg/oci/engine'
import { createLock, lockedImage, type Lock } from '../documents/lock.ts'
import type { LockedImage, WantedImage } from '../gitpod/image-set.ts'
import { purposeOf } from '../gitpod/discovery/found-image.ts'
import type { Bundle } from './bundle.ts'

/** The lock of a bundle. For a layout without a lock, a lock is made of the names in the layout. */
export async function lockOf(bundle: Bundle, context: Context): Promise<Lock> {
  return bundle.lock ?? foreignLock(bundle, context)
}

/**
 * Makes a lock of a layout that another tool wrote, with the names in its `index.json`. A host in a name is left out, so an image may
 * have one name twice.
 * @throws `image-set-empty` if no image in the layout has a name
 */
async function foreignLock({ store, name }: Bundle, context: Context): Promise<Lock> {
  const call = { signal: context.signal }
  const read = cachingReader()
  const lookInto = async (repository: ReadableRepository, root: Descriptor) => {
    try {
      const { manifests, blobs } = await readGraph(repository, root, read, call)
      const digests = manifests.map(({ descriptor }) => descriptor.digest)
      const { referrers } = await findReferrers(repository, digests, call)
      return { blobs, referrers }
    } catch (thrown) {
      // A damaged image is reported when it is read later. It must not fail here, because other images may be intact.
      unlessAborted(thrown)
      return { blobs: [], referrers: [] }
    }
  }
  const known = new Set<string>()
  const locked: { entry: WantedImage; image: LockedImage; paths: string[] }[] = []
  for (const entry of distinct(store.entries())) {
    const split = splitName(entry)
    const text = nameOf(entry)
    const source = split && referenceOf(split.repository, split.tag)
    if (split === undefined || source === undefined || !isManifestType(entry.mediaType)) {
      const message = `${name} has ${text ?? entry.digest}, which is no name of an image; it is left out`
      context.emit({ type: 'warning', code: 'image-skipped', message })
      continue
    }
    // Signatures under cosign's tags are skipped, because they are found as referrers of their image.
    if (/^sha256-[0-9a-f]{64}\.\w+$/.test(split.tag)) continue
    const path = formatRelativeName(split.repository === '' ? split : withoutHost(source))
    if (known.has(`${path} ${entry.digest}`)) continue
    known.add(`${path} ${entry.digest}`)
    const repository = store.repository(split.repository)
    const root = { mediaType: entry.mediaType, digest: entry.digest, size: entry.size }
    const found = await lookInto(repository, root)
    const origins = [`layout:${text}`]
    locked.push({
      paths: [path],
      entry: { source, purpose: purposeOf(source), origins },
      image: lockedImage(root, found.blobs, found.referrers),
    })
  }
  if (locked.length === 0)
    throw new GpregError('image-set-empty', `nothing in ${name} has a name`, {
      path: name,
      hint: 'name images when the layout is made: skopeo copy … oci:DIR:library/redis:6.2',
    })
  return createLock(locked, new Date(0))
}

/** One entry for each name, the first as everywhere: an index may say one name thousands of times. */
function distinct(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  const last = entries.toReversed().map(entry => [nameOf(entry) ?? entry.digest, entry] as const)
  return [...new Map(last).values()].toReversed()
}

/** The source of an image by its name. A lock needs a source, so a name without a host gets the host `layout.invalid`. */
function referenceOf(repository: string, tag: string): Reference | undefined {
  const name = `${repository === '' ? 'image' : repository}:${tag}`
  return tryParseReference(namesHost(repository) ? name : `layout.invalid/${name}`)
}
