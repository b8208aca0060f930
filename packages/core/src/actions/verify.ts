import type { Context } from '../context.ts'
import {
  childrenOf,
  type Descriptor,
  type Digest,
  type ErrorCode,
  type Platform,
  type ReadableRepository,
  formatReference,
  parseReference,
} from '@gpreg/oci'
import {
  readManifest,
  resolveNamed,
  filterPlatforms,
  isForeignLayer,
  unnamedPlatforms,
  warnOfOtherPlatform,
  unlessAborted,
  mapLimited,
  formatRelativeName,
  nameBelow,
  formatPrefix,
  tagOrDigest,
  type RegistryPrefix,
  type Registries,
} from '@gpreg/oci/engine'
import type { ImageEntry, ImageSet, LockedImage, Verified } from '../gitpod/image-set.ts'
import { heldBlob, type Receipt } from '../documents/receipt.ts'
import type { SignaturePolicy } from '../signatures/rules.ts'
import { describeContent, type ImageContent } from './image-content.ts'
import { describeError, targetOf } from './items.ts'
import { Walker, type VerifyProblem } from './walker.ts'

export interface VerifyOptions {
  /** Read every byte back and hash it. */
  readonly deep?: boolean
  readonly platforms?: readonly Platform[]
  /** Ask the source for the expected digests if there is no lock; default true. */
  readonly askSource?: boolean
  /** Also check the signatures and other referrers in the lock; default true. */
  readonly referrers?: boolean
  /** Who must have signed the images; their signatures are looked for at the target. Default nobody. */
  readonly policy?: SignaturePolicy
}

export interface VerifiedImage {
  readonly target: string
  /** the digest in the lock or at the source; null if both are unknown */
  readonly expected: Digest | null
  readonly found: Digest | null
  readonly status: 'ok' | 'missing' | 'different' | 'incomplete' | 'unreadable'
  readonly problems: readonly VerifyProblem[]
  readonly source?: string
  /** why the image is there */
  readonly origins?: readonly string[]
  /** Who had signed the image, by a signature at the target; absent unless signatures were asked for. */
  readonly verified?: Verified
  /** Absent if the image could not be read. Licence, date and the platform of a single image are known with `deep` only. */
  readonly content?: ImageContent
}

/** The answer of `gpreg verify --json`. */
export interface VerifyResult {
  readonly kind: 'VerifyResult'
  readonly version: 1
  /** the program that verified, e.g. `gpreg 0.1.0`; the command adds it */
  readonly tool?: string
  /** `deep`: all bytes were read back and hashed; `shallow`: blobs were asked for. Older versions do not say it. */
  readonly depth?: 'shallow' | 'deep'
  /** ISO 8601, as `finished` */
  readonly started?: string
  readonly finished?: string
  readonly images: readonly VerifiedImage[]
  readonly totals: {
    readonly images: number
    readonly ok: number
    readonly missing: number
    readonly different: number
    readonly incomplete: number
    readonly unreadable: number
    /** manifests and blobs that were checked; each counts once per repository */
    readonly checked: number
    /** bytes read back by `deep` */
    readonly bytes: number
    readonly seconds: number
  }
}

const IMAGES_AT_ONCE = 8

/** Checks every image at its target: tag, manifests, configs and layers. Nothing is written. */
export async function verifyImages(...args: Parameters<typeof verifyHoldings>): Promise<VerifyResult> {
  return (await verifyHoldings(...args)).result
}

/** Verifies images, and also lists the blobs that the target has, because a receipt needs this list. */
export async function verifyHoldings(
  set: ImageSet,
  registries: Registries,
  options: VerifyOptions,
  context: Context,
): Promise<{ readonly result: VerifyResult; readonly held: Walker['held'] }> {
  const started = context.now()
  const walker = new Walker(options.deep ?? false, registries.concurrency, context)
  context.emit({ type: 'plan.started', images: set.images.length })
  const images = await mapLimited(set.images, IMAGES_AT_ONCE, async entry => {
    const image = await verifyImage(entry, registries, options, walker, context)
    context.emit({
      type: 'image.verified',
      image: image.target,
      ok: image.status === 'ok',
      status: image.status,
    })
    return image
  })
  const count = (status: VerifiedImage['status']) => images.filter(image => image.status === status).length
  const finished = context.now()
  const result: VerifyResult = {
    kind: 'VerifyResult',
    version: 1,
    depth: options.deep ? 'deep' : 'shallow',
    started: new Date(started).toISOString(),
    finished: new Date(finished).toISOString(),
    images,
    totals: {
      images: images.length,
      ok: count('ok'),
      missing: count('missing'),
      different: count('different'),
      incomplete: count('incomplete'),
      unreadable: count('unreadable'),
      checked: walker.checked,
      bytes: walker.bytes,
      seconds: (finished - started) / 1000,
    },
  }
  return { result, held: walker.held }
}

/**
 * A receipt of a verified target, the base of the next differential bundle.
 * @param originOf names the bundle that a blob came with; undefined if that is unknown
 */
export function receiptOfVerify(
  to: RegistryPrefix,
  { result: { images }, held }: Awaited<ReturnType<typeof verifyHoldings>>,
  originOf: (digest: Digest) => string | undefined,
  context: Context,
): Receipt {
  return {
    kind: 'Receipt',
    version: 1,
    created: new Date(context.now()).toISOString(),
    target: formatPrefix(to),
    images: images.flatMap(({ target, found, status }) => {
      const name = nameBelow(to, parseReference(target))
      if (status !== 'ok' || found === null || name === undefined) return []
      return [{ path: formatRelativeName(name), digest: found }]
    }),
    blobs: [...held].flatMap(([digest, { size, repository }]) => {
      const name = nameBelow(to, { host: to.host, repository })
      return name === undefined ? [] : [heldBlob(digest, size, name.repository, originOf(digest))]
    }),
  }
}

async function verifyImage(
  entry: ImageEntry,
  registries: Registries,
  options: VerifyOptions,
  walker: Walker,
  context: Context,
): Promise<VerifiedImage> {
  const target = targetOf(entry)
  const { repository, host } = registries.open('target', target, 'read')
  const name = formatReference(target)
  const expected = await expectedDigest(entry, registries, options, context)
  const { origins } = entry
  const answer = { target: name, source: formatReference(entry.source), origins, expected, found: null }
  let found: Descriptor
  try {
    found = await repository.resolve(target.tag ?? tagOrDigest(target), { signal: context.signal })
  } catch (thrown) {
    const problem = describeError(unlessAborted(thrown))
    return {
      ...answer,
      status: problem.code === 'not-found' ? 'missing' : 'unreadable',
      problems: [problem],
    }
  }
  if (expected !== null && found.digest !== expected) {
    const message = `expected ${expected}, found ${found.digest}`
    return {
      ...answer,
      found: found.digest,
      status: 'different',
      problems: [{ code: 'digest-mismatch', message }],
    }
  }
  const place = { store: host, repository }
  const referrers = options.referrers === false ? [] : (entry.locked?.referrers ?? [])
  const problems = [
    ...(await walker.walk(place, [found, ...referrers])),
    ...(await unsigned(entry, { repository, digest: found.digest }, options, context)),
  ]
  const verified = options.policy?.signerOf(formatReference(entry.source))
  const unreadable = problems.some(({ code }) => !INCOMPLETE.has(code))
  return {
    ...answer,
    found: found.digest,
    status: problems.length === 0 ? 'ok' : unreadable ? 'unreadable' : 'incomplete',
    problems,
    ...(verified === undefined ? {} : { verified }),
    ...contentOf(found, options.referrers === false ? undefined : entry.locked?.referrers, walker),
  }
}

/** Problems of an image that can be read, and is not what it should be. */
const INCOMPLETE: ReadonlySet<ErrorCode> = new Set([
  'not-found',
  'digest-mismatch',
  'size-mismatch',
  'signature-invalid',
])

/** The problem that an image has no signature which the policy asks for. */
async function unsigned(
  { source }: ImageEntry,
  at: { readonly repository: ReadableRepository; readonly digest: Digest },
  { policy }: VerifyOptions,
  { signal }: Context,
): Promise<VerifyProblem[]> {
  if (policy === undefined) return []
  try {
    await policy.admit({ name: formatReference(source), ...at }, { signal })
    return []
  } catch (thrown) {
    const { code, message } = unlessAborted(thrown)
    return [{ code, message }]
  }
}

/** What the walk has seen of an image. Referrers are those of the lock, because the target was asked for no others. */
function contentOf(
  { digest }: Descriptor,
  referrers: LockedImage['referrers'] | undefined,
  { manifests, configs }: Walker,
): Pick<VerifiedImage, 'content'> {
  const root = manifests.get(digest)
  if (root === undefined) return {}
  const nodes = new Set([root])
  const blobs = new Map<Digest, Descriptor>()
  // A set also visits what is added while it is walked.
  for (const { manifest } of nodes)
    for (const child of childrenOf(manifest)) {
      const node = manifests.get(child.digest)
      if (node !== undefined) nodes.add(node)
      else if (!isForeignLayer(child)) blobs.set(child.digest, child)
    }
  const graph = { manifests: [...nodes], blobs: [...blobs.values()] }
  return { content: describeContent(graph, referrers, configs) }
}

/** The digest that the target must have: from the lock, the reference, or the source as it is now. */
async function expectedDigest(
  entry: ImageEntry,
  registries: Registries,
  options: VerifyOptions,
  context: Context,
): Promise<Digest | null> {
  const { locked } = entry
  if (locked?.filtered !== undefined) return locked.filtered.digest
  if (locked !== undefined && !options.platforms?.length) return locked.digest
  if (options.askSource === false) return entry.source.digest ?? null
  const { repository } = registries.open('source', entry.source)
  const call = { signal: context.signal }
  try {
    if (!options.platforms?.length)
      return entry.source.digest ?? (await resolveNamed(repository, tagOrDigest(entry.source), call)).digest
    const root = await resolveNamed(repository, locked?.digest ?? tagOrDigest(entry.source), call)
    const node = await readManifest(repository, root, call)
    if (node.manifest.kind === 'manifest') {
      const wanted = { image: formatReference(entry.source), platforms: options.platforms }
      await warnOfOtherPlatform(repository, node.manifest, wanted, context)
    }
    const unnamed = await unnamedPlatforms(repository, node, readManifest, call)
    return filterPlatforms(node, options.platforms, formatReference(entry.source), unnamed).descriptor.digest
  } catch (thrown) {
    const error = unlessAborted(thrown)
    const source = formatReference(entry.source)
    const message = `no digest of ${source} is known (${error.message}); it is only checked for being whole`
    context.emit({ type: 'warning', code: 'expected-unknown', message, subject: { reference: source } })
    return null
  }
}
