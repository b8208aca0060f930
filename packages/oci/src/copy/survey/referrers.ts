import { allSettledOrThrow } from '../../limiter.ts'
import type { Context } from '../../context.ts'
import { GpregError, unlessAborted, unlessMissing } from '../../errors.ts'
import { isManifestType } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../../model/digest.ts'
import { isReferrerLister, isTagLister } from '../../store/capabilities.ts'
import type { Call, ReadableRepository } from '../../store/content.ts'
import type { Referrer } from './item.ts'

/** https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#storage, and the same for attestations and SBOMs */
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const

/** Most tags that are listed; a repository with more is asked for single tags. */
const MANY_TAGS = 1000

/** Most referrers that are followed; more than any image has. */
const MAX_REFERRERS = 1000

export interface FoundReferrers {
  readonly referrers: readonly Referrer[]
  /** Set if a request failed, so that there may be more referrers than were found. */
  readonly unknown?: GpregError
}

/**
 * Finds the signatures and other referrers of manifests, by cosign's tags and by OCI subjects, and the referrers of those in
 * turn. Subjects come before their referrers. A failed request never counts as "none".
 * @throws `aborted`
 */
export async function findReferrers(
  repository: ReadableRepository,
  subjects: readonly Digest[],
  call: Call = {},
): Promise<FoundReferrers> {
  const tags = await knownTags(repository, call)
  const found = new Map<string, Referrer>()
  let unknown: GpregError | undefined
  const queue = [...subjects]
  const seen = new Set<Digest>(queue)
  for (let subject; (subject = queue.shift()) !== undefined;) {
    if (found.size > MAX_REFERRERS) {
      unknown ??= tooMany(found.size)
      break
    }
    const batch = await Promise.allSettled([
      cosignReferrers(repository, subject, tags, call),
      ociReferrers(repository, subject, tags, call),
    ])
    for (const answer of batch) if (answer.status === 'rejected') unknown ??= unlessAborted(answer.reason)
    for (const referrer of batch.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))) {
      found.set(`${referrer.tag ?? ''} ${referrer.descriptor.digest}`, referrer)
      if (seen.has(referrer.descriptor.digest)) continue
      seen.add(referrer.descriptor.digest)
      queue.push(referrer.descriptor.digest)
    }
  }
  return { referrers: [...found.values()], ...(unknown === undefined ? {} : { unknown }) }
}

/** Warns that an image may have more referrers than were found. */
export function warnOfUnknownReferrers(context: Context, image: string, unknown: GpregError): void {
  const message = `${image} may have signatures and other referrers that were not found, because ${unknown.message}; leave them out with --no-referrers`
  context.emit({ type: 'warning', code: 'referrers-left-out', message, subject: unknown.subject })
}

function tooMany(count: number): GpregError {
  return new GpregError('protocol', `there are more than ${count} signatures and referrers to this image`, {
    side: 'source',
    hint: 'leave them out with --no-referrers, or report this to whoever runs the registry',
  })
}

/** cosign's tag for a manifest, e.g. `sha256-….sig` */
export function cosignTag(subject: Digest, suffix: (typeof COSIGN_SUFFIXES)[number]): string {
  return `${digestAlgorithm(subject)}-${digestHex(subject)}.${suffix}`
}

/** cosign's tags for what may belong to a manifest: signature, attestation, SBOM */
export function cosignTags(subject: Digest): string[] {
  return COSIGN_SUFFIXES.map(suffix => cosignTag(subject, suffix))
}

/** The tags of the repository, if the store lists them and they are few: one request instead of several for each manifest. */
async function knownTags(
  repository: ReadableRepository,
  call: Call,
): Promise<ReadonlySet<string> | undefined> {
  if (!isTagLister(repository)) return undefined
  const tags = new Set<string>()
  try {
    for await (const tag of repository.tags(call)) {
      tags.add(tag)
      if (tags.size >= MANY_TAGS) return undefined
    }
    return tags
  } catch (thrown) {
    // Without the list, single tags are asked for.
    unlessAborted(thrown)
    return undefined
  }
}

async function cosignReferrers(
  repository: ReadableRepository,
  subject: Digest,
  tags: ReadonlySet<string> | undefined,
  call: Call,
): Promise<Referrer[]> {
  const candidates = cosignTags(subject).filter(tag => tag.length <= 128 && tags?.has(tag) !== false)
  const found = await allSettledOrThrow(candidates.map(tag => resolveIfThere(repository, tag, subject, call)))
  return found.flat()
}

async function resolveIfThere(
  repository: ReadableRepository,
  tag: string,
  subject: Digest,
  call: Call,
): Promise<Referrer[]> {
  const descriptor = await unlessMissing(() => repository.resolve(tag, call))
  return descriptor === undefined ? [] : [{ descriptor, subject, tag }]
}

async function ociReferrers(
  repository: ReadableRepository,
  subject: Digest,
  tags: ReadonlySet<string> | undefined,
  call: Call,
): Promise<Referrer[]> {
  if (!isReferrerLister(repository)) return []
  const descriptors = await repository.referrers(subject, { ...call, tags })
  return descriptors
    .filter(({ mediaType }) => isManifestType(mediaType))
    .map(descriptor => ({ descriptor, subject }))
}
