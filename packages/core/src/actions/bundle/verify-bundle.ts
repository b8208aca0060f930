import {
  checkSignature,
  openBundle,
  type Bundle,
  type BundleKey,
  type SignatureState,
} from '../../bundle/bundle.ts'
import { findBundle, type BundleFiles } from '../../bundle/files.ts'
import { assertTar } from '../../bundle/tar-file.ts'
import { lockOf } from '../../bundle/foreign-layout.ts'
import { bundledImages } from '../../bundle/bundle-lock.ts'
import { bytesToCheck, checkVolumes, type VolumeDamage } from '../../bundle/volume-damage.ts'
import type { Context } from '../../context.ts'
import { isGpregError, type ErrorCode, type Digest } from '@gpreg/oci'
import { formatRelativeName } from '@gpreg/oci/engine'
import { Walker } from '../walker.ts'

export interface BundleProblem {
  readonly code: ErrorCode
  readonly message: string
  readonly digest?: Digest
  /** names of the images that need the content of `digest` */
  readonly images?: readonly string[]
  /** names of the volumes that have a part of this content */
  readonly volumes?: readonly string[]
}

/** The answer of `gpreg bundle verify --json`. */
export interface BundleVerifyResult {
  readonly kind: 'BundleVerifyResult'
  readonly version: 1
  readonly bundle: string
  readonly signature: SignatureState
  readonly volumes: readonly { readonly name: string; readonly status: 'ok' | VolumeDamage['status'] }[]
  /** the files that the sidecar lists beside the bundle; one that was left behind is no problem */
  readonly beside: readonly { readonly name: string; readonly status: 'ok' | VolumeDamage['status'] }[]
  readonly problems: readonly BundleProblem[]
  /** files that must be sent again */
  readonly resend: readonly string[]
  readonly totals: {
    readonly images: number
    readonly checked: number
    readonly bytes: number
    readonly seconds: number
  }
}

/**
 * Reads a whole bundle and checks its signature, its volumes, and the digest of every blob. Problems are in the result.
 * @throws `signature-invalid`, `input-unreadable`, `input-invalid` for what is no bundle, `bundle-damaged` for a sidecar that cannot be read
 */
export async function verifyBundle(
  paths: readonly string[],
  key: BundleKey | undefined,
  context: Context,
): Promise<BundleVerifyResult> {
  const started = context.now()
  const files = await findBundle(paths)
  const [first] = files.volumes
  // A damaged bundle is the result; what is no bundle is not. A sidecar says that it was one.
  if (files.sidecar === undefined && first?.path !== undefined) await assertTar(first.path)
  const signature = checkSignature(files, key, context)
  context.emit({ type: 'read.started', bytes: bytesToCheck([...files.volumes, ...files.beside]) })
  const { damage, bytes } = await checkVolumes(files.volumes, context)
  const beside = await checkVolumes(files.beside, context)
  const content = await contentProblems(paths, files, damage, context)
  const wrongBeside = beside.damage.filter(({ status }) => status !== 'missing')
  const problems = [
    ...[...damage, ...wrongBeside].map(({ message }): BundleProblem => ({ code: 'bundle-damaged', message })),
    ...content.problems,
  ]
  // With a sidecar, the volume hashes say which volume is damaged. Without one, every volume that holds part of a damaged blob is suspect.
  const suspects =
    damage.length > 0
      ? damage.map(({ name }) => name)
      : content.problems.flatMap(({ volumes = [] }) => volumes)
  const broken = new Set([...suspects, ...wrongBeside.map(({ name }) => name)])
  const status = new Map([...damage, ...beside.damage].map(({ name, status }) => [name, status]))
  return {
    kind: 'BundleVerifyResult',
    version: 1,
    bundle: files.name,
    signature,
    volumes: files.volumes.map(({ name }) => ({
      name,
      status: status.get(name) ?? (broken.has(name) ? 'damaged' : 'ok'),
    })),
    beside: files.beside.map(({ name }) => ({ name, status: status.get(name) ?? 'ok' })),
    problems,
    resend: [...broken].sort(),
    totals: {
      images: content.images,
      checked: content.checked,
      bytes: bytes + beside.bytes + content.bytes,
      seconds: (context.now() - started) / 1000,
    },
  }
}

/** Reads and hashes every image of an open bundle. */
async function walkBundle(bundle: Bundle, context: Context) {
  const lock = await lockOf(bundle, context)
  const walker = new Walker(true, 2, context)
  const left = new Set(lock.base?.blobs.map(({ digest }) => digest))
  const problems = new Map<string, BundleProblem & { images: string[] }>()
  const images = bundledImages(lock)
  context.emit({ type: 'read.started', ...contentSize(bundle) })
  for (const { name, locked } of images) {
    const repository = bundle.store.repository(name.repository)
    // The tags of a bundle are those of its lock, which was compared with the index when it was opened.
    const referrers = locked.referrers.map(({ tag: _, ...referrer }) => referrer)
    const found = await walker.walk({ store: bundle.name, repository }, [locked, ...referrers])
    for (const problem of found) {
      const { digest } = problem
      // Blobs that a differential bundle leaves out are at the target.
      if (problem.code === 'not-found' && digest !== undefined && left.has(digest)) continue
      const key = `${problem.code} ${digest}`
      const message =
        problem.code === 'digest-mismatch' ? `the bytes of ${digest} are others` : problem.message
      const known = problems.get(key) ?? { ...problem, message, images: [], ...volumesOf(bundle, digest) }
      known.images.push(formatRelativeName(name))
      problems.set(key, known)
    }
  }
  return {
    problems: [...problems.values()],
    images: images.length,
    checked: walker.checked,
    bytes: walker.bytes,
  }
}

async function contentProblems(
  paths: readonly string[],
  files: BundleFiles,
  damage: readonly VolumeDamage[],
  context: Context,
) {
  const nothing = { images: files.sidecar?.document.lock.document.images.length ?? 0, checked: 0, bytes: 0 }
  if (damage.some(({ status }) => status !== 'damaged')) return { ...nothing, problems: [] }
  try {
    await using bundle = await openBundle(paths, undefined, { ...context, emit: () => {} })
    return await walkBundle(bundle, context)
  } catch (thrown) {
    // Without a sidecar, a damaged lock or index is only found when it is read.
    if (!isGpregError(thrown, 'bundle-damaged') && !isGpregError(thrown, 'input-invalid')) throw thrown
    const { code, message } = thrown
    return { ...nothing, problems: [{ code, message } satisfies BundleProblem] as BundleProblem[] }
  }
}

/** Bytes of all blobs, which only an archive tells. */
function contentSize({ archive }: Bundle): { readonly bytes?: number } {
  if (archive === undefined) return {}
  return { bytes: [...archive.index.blobs.values()].reduce((sum, { size }) => sum + size, 0) }
}

function volumesOf({ archive }: Bundle, digest: Digest | undefined): { volumes?: string[] } {
  const extent = digest && archive?.index.blobs.get(digest)
  if (archive === undefined || extent === undefined) return {}
  return { volumes: archive.volumes.namesOf(extent.start, extent.start + extent.size) }
}
