import { stat } from 'node:fs/promises'
import { GpregError, isGpregError, formatReference, type Digest } from '@gpreg/oci'
import {
  EmptyTarget,
  formatPrefix,
  formatRelativeName,
  graphsOf,
  isThere,
  parsePrefix,
  parseRelativeName,
  referenceBelow,
  surveyItems,
  type CopyItem,
  type EngineOptions,
  type Registries,
  type RelativeName,
  type Survey,
  type ToCopy,
} from '@gpreg/oci/engine'
import { bundledImages } from '../../bundle/bundle-lock.ts'
import { openBundle } from '../../bundle/bundle.ts'
import { lockOf } from '../../bundle/foreign-layout.ts'
import { parseReceipt, type Receipt } from '../../documents/receipt.ts'
import { collectBundleSet } from '../../gitpod/collect.ts'
import type { ImageSetRequest, ImageSetWorld } from '../../gitpod/image-set-request.ts'
import type { NamedImage } from '../../gitpod/image-set.ts'
import { findRelease } from '../../gitpod/release/catalogue.ts'
import { readText } from '../../input.ts'
import { copyItem } from '../items.ts'
import { copyOptions, type MirrorOptions } from '../mirror.ts'

/** One side of a comparison. */
export interface Side {
  /** as the user named it */
  readonly name: string
  readonly kind: SideName['kind']
  /** the release of the catalogue, if it is known: `2022.11.3` */
  readonly release?: string
  readonly images: readonly SideImage[]
  /** All blobs that a receipt tells of; absent for other sides, whose images tell them. */
  readonly held?: Receipt['blobs']
}

export interface SideImage {
  /** below the prefix, as in a bundle */
  readonly name: RelativeName
  readonly source?: string
  readonly digest: Digest
  /** configs and layers, those of its referrers included, each once; absent for a receipt */
  readonly blobs?: readonly SizedBlob[]
}

export interface SizedBlob {
  readonly digest: Digest
  readonly size: number
}

/** What the words of a user name: `release-2022.11.3`, a file, a bundle or `HOST/PREFIX`. */
export interface SideName {
  readonly kind: 'release' | 'lock' | 'receipt' | 'bundle' | 'registry'
  readonly name: string
}

export interface SideWorld extends ImageSetWorld {
  readonly registries: Registries
}

export type SideOptions = Pick<MirrorOptions, 'platforms' | 'referrers'> & Pick<ImageSetRequest, 'namings'>

/**
 * Finds out what a name means. What exists as a file is a file.
 * @throws `usage`, `input-unreadable`
 */
export async function recogniseSide(name: string): Promise<SideName> {
  const bundle = name.replace(/\.manifest\.json$/, '')
  if (bundle !== name) return { kind: 'bundle', name: bundle }
  const info = await stat(name).catch(() => undefined)
  if (info?.isFile() && /\.json$/i.test(name)) {
    const [, kind] = /"kind":\s*"(Lock|Receipt)"/.exec(await readText(name)) ?? []
    if (kind !== undefined) return { kind: kind === 'Lock' ? 'lock' : 'receipt', name }
    throw unclear(`${name} is neither a lock nor a receipt`)
  }
  if (info !== undefined || (await isThere(`${name}.manifest.json`))) return { kind: 'bundle', name }
  if (/^(release-|v)?\d{4}\.\d{2}/.test(name)) return { kind: 'release', name }
  if (name.includes('/') && !/^[./~]/.test(name))
    return { kind: 'registry', name: formatPrefix(parsePrefix(name)) }
  throw unclear(`there is no ${name}`)
}

function unclear(message: string): GpregError {
  return new GpregError('usage', message, {
    hint: 'name a release (release-2022.11.3), a lock, a receipt, a bundle, or a registry (HOST[:PORT]/PREFIX)',
  })
}

/**
 * Reads all images of a side, with their manifests. A registry is asked for the names of the other side.
 * @param names the names to ask a registry for
 */
export async function readSide(
  { kind, name }: SideName,
  names: readonly RelativeName[],
  options: SideOptions,
  world: SideWorld,
): Promise<Side> {
  switch (kind) {
    case 'receipt':
      return receiptSide(name)
    case 'bundle':
      return bundleSide(name, world)
    case 'registry':
      return registrySide(name, names, options, world)
    case 'release':
    case 'lock': {
      const { images } = await collectBundleSet({ [kind]: name, ...options }, world)
      return {
        kind,
        name,
        ...releaseOf(kind, name, images),
        images: await readSources(images, options, world),
      }
    }
  }
}

async function receiptSide(path: string): Promise<Side> {
  const { images, blobs } = parseReceipt(await readText(path), path)
  const named = images.map(({ path: name, digest }) => ({ name: parseRelativeName(name), digest }))
  return { kind: 'receipt', name: path, images: named, held: blobs }
}

async function bundleSide(path: string, { context }: SideWorld): Promise<Side> {
  await using bundle = await openBundle([path], undefined, context)
  const images = bundledImages(await lockOf(bundle, context))
  const items = images.map(image => {
    const from = { store: bundle.name, repository: bundle.store.repository(image.name.repository) }
    return copyItem(image, from, nowhere(image.name), targetOf(image.name))
  })
  const surveys = await survey(items, { concurrency: 1, foreignLayers: true }, { context })
  return {
    kind: 'bundle',
    name: path,
    ...releaseOf('bundle', path, images),
    images: toImages(images, surveys),
  }
}

async function registrySide(
  prefix: string,
  names: readonly RelativeName[],
  options: SideOptions,
  { registries, context }: SideWorld,
): Promise<Side> {
  const to = parsePrefix(prefix)
  const items = names.map((name): CopyItem => {
    const reference = referenceBelow(to, name)
    const { repository, host } = registries.open('target', reference, 'read')
    const source = { source: reference, purpose: 'components', origins: [] } as const
    return copyItem(source, { store: host, repository }, nowhere(name), targetOf(name))
  })
  // All that the registry has of an image counts, whatever platforms are wanted of it.
  const asked = { referrers: options.referrers ?? true, ...copyOptions({}, registries) }
  const surveys = await survey(items, asked, { context, isAbsentAllowed: true })
  const images = names.map(name => ({ name }))
  return { kind: 'registry', name: prefix, images: toImages(images, surveys) }
}

async function readSources(
  images: readonly NamedImage[],
  { namings: _, ...options }: SideOptions,
  { registries, context }: SideWorld,
): Promise<SideImage[]> {
  const items = images.map(image => {
    const { host, repository } = registries.open('source', image.source)
    return copyItem(image, { store: host, repository }, nowhere(image.name), targetOf(image.name))
  })
  return toImages(images, await survey(items, copyOptions(options, registries), { context }))
}

/** A side is read as a bundle would be saved, so that what is compared is what would be copied. */
function nowhere({ repository }: RelativeName) {
  return { store: 'nowhere', repository: new EmptyTarget('nowhere').repository(repository) }
}

function targetOf(name: RelativeName) {
  return { targetName: formatRelativeName(name), tag: name.tag }
}

/** @throws the error of the first image that cannot be read: a comparison with a gap would be wrong */
async function survey(
  items: readonly CopyItem[],
  options: EngineOptions,
  { context, isAbsentAllowed = false }: Pick<SideWorld, 'context'> & { readonly isAbsentAllowed?: boolean },
): Promise<readonly Survey[]> {
  const surveys = await surveyItems(items, options, context)
  for (const each of surveys)
    if (each.status === 'failed' && !(isAbsentAllowed && isGpregError(each.error, 'not-found')))
      throw each.error
  return surveys
}

function toImages(
  images: readonly (Pick<NamedImage, 'name'> & Partial<NamedImage>)[],
  surveys: readonly Survey[],
): SideImage[] {
  return images.flatMap(({ name, source }, index) => {
    const found = surveys[index]
    if (found?.status !== 'to-copy') return []
    const from = source === undefined ? {} : { source: formatReference(source) }
    return [{ name, ...from, digest: found.root.digest, blobs: blobsOf(found) }]
  })
}

function blobsOf(survey: ToCopy): SizedBlob[] {
  const all = graphsOf(survey).flatMap(({ blobs }) => blobs)
  return [...new Map(all.map(({ digest, size }) => [digest, { digest, size }])).values()]
}

/** The release in the catalogue that a set was made for. */
function releaseOf(
  kind: SideName['kind'],
  name: string,
  images: readonly NamedImage[],
): Pick<Side, 'release'> {
  if (kind === 'release') return { release: findRelease(name).release.name }
  const named = images.flatMap(({ origins }) =>
    origins.flatMap(origin => /^catalogue:(.+)$/.exec(origin)?.[1] ?? []),
  )
  const [release, ...others] = new Set(named)
  return release === undefined || others.length > 0 ? {} : { release }
}
