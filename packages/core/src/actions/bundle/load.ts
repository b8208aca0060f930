import { bundledImages } from '../../bundle/bundle-lock.ts'
import { originsOf, type Bundle } from '../../bundle/bundle.ts'
import { lockOf } from '../../bundle/foreign-layout.ts'
import { heldBlob, type Receipt } from '../../documents/receipt.ts'
import type { Context } from '../../context.ts'
import { type Place, GpregError, type Digest, formatReference, LayoutStore } from '@gpreg/oci'
import {
  executePlan,
  cachingReader,
  readGraph,
  type CopyItem,
  probeTargets,
  surveyItems,
  type TransferPlan,
  isAtTarget,
  isConfirmed,
  type BlobPlan,
  mapLimited,
  formatRelativeName,
  nameBelow,
  referenceBelow,
  type RelativeName,
  formatPrefix,
  type RegistryPrefix,
  type Registries,
  damaged,
  type EngineOptions,
} from '@gpreg/oci/engine'
import type { HeldBlob, Lock } from '../../documents/lock.ts'
import { copyItem } from '../items.ts'
import { readConfigs } from './configs.ts'
import { describePlan, type MirrorPlan } from '../mirror-plan.ts'
import { copyOptions, startMeter, type MirrorOptions, type MirrorResult } from '../mirror.ts'

/** The target of a bundle: a prefix in a registry, or an OCI layout in a directory. */
export type LoadTarget = { readonly to: RegistryPrefix } | { readonly layout: string }

export type LoadOptions = Pick<MirrorOptions, 'limitRate' | 'repair' | 'deep' | 'digestTags' | 'policy'>

/** A blob that a bundle leaves out and the target does not have either. */
export interface MissingBlob {
  readonly digest: Digest
  readonly size: number
  /** target names of the images that need the blob */
  readonly images: readonly string[]
  /** the earlier bundle that contains the blob, if known */
  readonly bundle?: string
}

/** The answer of `gpreg bundle load --json`. */
export interface LoadResult extends MirrorResult {
  /** Blobs of the base that the target lacks; absent if nothing is missing. */
  readonly missing?: readonly MissingBlob[]
}

/**
 * Copies a bundle to its target, reading only what the target lacks. Failures of single images are in the result.
 * @throws `usage`, `aborted`, `storage` if another process is writing the layout
 */
export async function loadBundle(
  bundle: Bundle,
  target: LoadTarget,
  registries: Registries,
  options: LoadOptions,
  context: Context,
): Promise<LoadResult> {
  await using _ = await claimLayout(target, context)
  const meter = startMeter(registries, context, options.policy)
  const { plan, missing } = await planBundle(bundle, target, registries, options, meter.context)
  const copying = loadOptions(options, target, registries)
  const outcome = await executePlan(plan, copying, meter.context)
  const manifests = plan.images.flatMap(each => (each.status === 'to-copy' ? each.image.manifests : []))
  const result = meter.result(plan, outcome, await readConfigs(bundle, manifests, { signal: context.signal }))
  const told = { ...result, images: result.images.map(image => blameBundle(image, bundle)) }
  return missing.length === 0 ? told : { ...told, missing }
}

/** Content with another hash than the bundle says is damage of the bundle, of which a part can be sent again. */
function blameBundle(
  image: MirrorResult['images'][number],
  { name }: Bundle,
): MirrorResult['images'][number] {
  const { error } = image
  if (error?.code !== 'digest-mismatch' && error?.code !== 'size-mismatch') return image
  const hint = `${name} is damaged: gpreg bundle verify says what to send again`
  return { ...image, error: { ...error, hint } }
}

/** A layout is claimed, so that a garbage collection does not take what was not named yet. */
async function claimLayout(target: LoadTarget, context: Context): Promise<AsyncDisposable | undefined> {
  if ('to' in target) return undefined
  return (await LayoutStore.open(target.layout, context.now())).claim(context.signal)
}

/** Plans loadBundle. Nothing is written to a registry. */
export async function planLoad(
  bundle: Bundle,
  target: LoadTarget,
  registries: Registries,
  options: LoadOptions,
  context: Context,
): Promise<MirrorPlan> {
  return describePlan((await planBundle(bundle, target, registries, options, context)).plan)
}

/**
 * Foreign layers are taken if the bundle has them. A layout needs no tags against a garbage collection. Signatures are looked for also
 * where the tag of the image is right, because nothing remembers those that an earlier load could not bring.
 */
function loadOptions(options: LoadOptions, target: LoadTarget, registries: Registries): EngineOptions {
  const digestTags = (options.digestTags ?? true) && 'to' in target
  return { ...copyOptions(options, registries), foreignLayers: true, refreshReferrers: true, digestTags }
}

/** Existence checks that run at the same time. */
const LOOKS_AT_ONCE = 16

interface BundlePlan {
  readonly plan: TransferPlan
  readonly missing: readonly MissingBlob[]
}

async function planBundle(
  bundle: Bundle,
  target: LoadTarget,
  registries: Registries,
  options: LoadOptions,
  context: Context,
): Promise<BundlePlan> {
  const lock = await lockOf(bundle, context)
  const open = await openTarget(target, registries, context)
  const items = bundledImages(lock).map((image): CopyItem => {
    const { name } = image
    const from = { store: bundle.name, repository: bundle.store.repository(name.repository) }
    const { place, targetName } = open(name)
    return copyItem(image, from, place, { targetName, tag: name.tag })
  })
  const surveys = await surveyItems(items, loadOptions(options, target, registries), context)
  return settleBase(bundle, lock, await probeTargets(surveys, context, options), open, context)
}

/**
 * Finds the blobs that the bundle leaves out in the repositories named by the receipt. An image fails if one of its blobs is
 * neither in the bundle nor known to be at the target.
 */
async function settleBase(
  { store, name }: Bundle,
  lock: Lock,
  plan: TransferPlan,
  open: OpenName,
  context: Context,
): Promise<BundlePlan> {
  const base = new Map<Digest, HeldBlob>(lock.base?.blobs.map(blob => [blob.digest, blob]))
  const absent = new Set<BlobPlan>()
  await mapLimited(plan.blobs, LOOKS_AT_ONCE, async blob => {
    const { digest } = blob.descriptor
    if (isAtTarget(blob) || (await store.holds(digest))) return
    const held = base.get(digest)
    if (held !== undefined) {
      const { place: holder } = open({ repository: held.repository })
      const { signal } = context
      if (await isConfirmed(() => holder.repository.exists(blob.descriptor, { signal }))) {
        blob.sources = [holder]
        return
      }
    }
    absent.add(blob)
  })
  if (absent.size === 0) return { plan, missing: [] }
  const missing = new Map<Digest, MissingBlob>()
  const images = plan.images.map((image): TransferPlan['images'][number] => {
    const { item } = image
    const needs = image.status === 'to-copy' ? image.needs : []
    const lacking = needs.flatMap(({ blob }) => (absent.has(blob) ? [blob.descriptor] : []))
    if (lacking.length === 0) return image
    for (const { digest, size } of lacking) {
      const bundle = base.get(digest)?.bundle
      const images = [...(missing.get(digest)?.images ?? []), item.targetName]
      missing.set(digest, { digest, size, images, ...(bundle === undefined ? {} : { bundle }) })
    }
    return { item, status: 'failed', error: baseMissing(item, lacking, base, name) }
  })
  return { plan: { ...plan, images }, missing: [...missing.values()] }
}

function baseMissing(
  { targetName }: CopyItem,
  lacking: readonly { readonly digest: Digest }[],
  base: ReadonlyMap<Digest, HeldBlob>,
  bundle: string,
): GpregError {
  const lost = lacking.find(({ digest }) => !base.has(digest))
  if (lost !== undefined)
    return damaged(`${bundle} has no ${lost.digest}, which ${targetName} needs`, bundle).about({
      reference: targetName,
      digest: lost.digest,
    })
  const had = [...new Set(lacking.flatMap(({ digest }) => base.get(digest)?.bundle ?? []))]
  // Without a number, so that all images that fail for it are told as one.
  const message = `${bundle} leaves out blobs that the target does not hold`
  return new GpregError('base-missing', message, {
    reference: targetName,
    hint:
      had.length === 0
        ? 'it continues what a receipt says (--since): check that --to is the registry of that receipt, or save one without --since'
        : `load first: ${had.join(', ')}`,
  })
}

/** Makes a receipt of the images that were loaded from a bundle, and of those of their referrers that came with them. */
export async function receiptOfLoad(
  bundle: Bundle,
  to: RegistryPrefix,
  { images }: MirrorResult,
  context: Context,
): Promise<Receipt> {
  const lock = await lockOf(bundle, context)
  const whole = new Set(images.flatMap(({ target, status }) => (status === 'failed' ? [] : [target])))
  const failed = new Set(images.map(({ referrerOf, digest }) => `${referrerOf} ${digest}`))
  const blobs = new Map<Digest, HeldBlob>()
  const originOf = originsOf(bundle, lock)
  const read = cachingReader()
  const held: Receipt['images'][number][] = []
  for (const { name, locked } of bundledImages(lock)) {
    const reference = referenceBelow(to, name)
    const target = formatReference(reference)
    if (!whole.has(target)) continue
    const below = nameBelow(to, reference) ?? name
    const { repository } = below
    held.push({ path: formatRelativeName(below), digest: locked.digest })
    const referrers = locked.referrers.filter(({ digest }) => !failed.has(`${target} ${digest}`))
    for (const root of [locked, ...referrers]) {
      const graph = await readGraph(bundle.store.repository(name.repository), root, read, {
        signal: context.signal,
      })
      for (const { digest, size } of graph.blobs)
        if (!blobs.has(digest)) blobs.set(digest, heldBlob(digest, size, repository, originOf(digest)))
    }
  }
  return {
    kind: 'Receipt',
    version: 1,
    created: new Date(context.now()).toISOString(),
    target: formatPrefix(to),
    images: held,
    blobs: [...blobs.values()],
  }
}

/** Opens the repository at the target for a name in the bundle, and tells the full name of the image at the target. */
type OpenName = (name: RelativeName) => { readonly place: Place; readonly targetName: string }

async function openTarget(target: LoadTarget, registries: Registries, context: Context): Promise<OpenName> {
  if ('to' in target) {
    return name => {
      const reference = referenceBelow(target.to, name)
      const { host, repository } = registries.open('target', reference)
      return { place: { store: host, repository }, targetName: formatReference(reference) }
    }
  }
  const layout = await LayoutStore.open(target.layout, context.now())
  return name => {
    // A name that is only a tag gets the repository `image`, so that every tool finds the image by its name.
    const named = { ...name, repository: name.repository || 'image' }
    const place = { store: target.layout, repository: layout.repository(named.repository) }
    return { place, targetName: formatRelativeName(named) }
  }
}
