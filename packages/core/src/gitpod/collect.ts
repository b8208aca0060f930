import type { Context } from '../context.ts'
import { GpregError, parseReference } from '@gpreg/oci'
import { formatRelativeName } from '@gpreg/oci/engine'
import { excludeImages, foldImages, sortEntries, targetName } from './fold.ts'
import { purposeOf, type FoundImage } from './discovery/found-image.ts'
import { parseImageList } from './discovery/list/image-list.ts'
import type { ImageSetRequest, ImageSetWorld } from './image-set-request.ts'
import type { ImageEntry, ImageSet, NamedImage } from './image-set.ts'
import { targetNames, type Naming, type NamingOptions } from './naming.ts'
import { place, readInput, STDIN } from '../input.ts'
import type { InstallerImages } from './discovery/installer-config.ts'
import type { IsSet } from './discovery/installer-file.ts'
import type { Lock } from '../documents/lock.ts'
import { rewritesOf } from './rewrite/rewrites.ts'
import type { CollectedRelease } from './release/release-images.ts'
import { assertDistinctNames, assignNames, assignTargets, withoutCollisions } from './targets.ts'

/**
 * Finds all images that a request names. They have targets if the request or one of its inputs has a target.
 * @throws `input-unreadable`, `input-invalid`, `reference-invalid`, `release-unknown`, `image-set-empty`, `target-collision`,
 * and the errors of reading the versions image
 */
export async function collectImageSet(request: ImageSetRequest, world: ImageSetWorld): Promise<ImageSet> {
  const { images, ...collected } = await collectImages(request, world)
  const named = nameTargets(images, request, collected)
  const rewrites = nameRewrites(images, request, collected)
  return { ...setOf(collected), images: sortEntries(named, targetName), ...rewrites }
}

/** Finds all images that a request names, with their names in a bundle. @throws as {@link collectImageSet} */
export async function collectBundleSet(
  request: Omit<ImageSetRequest, 'to'>,
  world: ImageSetWorld,
): Promise<ImageSet<NamedImage>> {
  const { images, ...collected } = await collectImages(request, world)
  const named = assignNames(
    foldImages(images, false),
    namingsOf(request, collected),
    namingOptions(collected),
  )
  assertDistinctNames(named)
  return { ...setOf(collected), images: sortEntries(named, ({ name }) => formatRelativeName(name)) }
}

interface Configuration extends InstallerImages {
  readonly isSet: IsSet
}

/** The images of a request before they get target names, and the inputs that decide these names. */
interface Collected {
  readonly images: readonly FoundImage[]
  readonly excluded: ImageSet['excluded']
  readonly config: Configuration | undefined
  readonly release: CollectedRelease | undefined
  readonly lock: Lock | undefined
}

async function collectImages(request: ImageSetRequest, world: ImageSetWorld): Promise<Collected> {
  const config = await readConfig(request, world)
  const release = await readRelease(request, world, config)
  const lock = await readLockInput(request, world)
  const found = [
    ...(release?.images ?? []),
    ...configImages(request, config),
    ...(await listedImages(request, world)),
    ...(lock === undefined ? [] : await lockedImages(lock, request)),
  ]
  const { purposes = [] } = request
  const wanted = purposes.length > 0 ? found.filter(({ purpose }) => purposes.includes(purpose)) : found
  const { kept, excluded } = excludeImages(wanted, request.exclude ?? [])
  if (kept.length === 0) throw emptySet(found, request)
  warnOfIdlePatterns(request, excluded, world.context)
  return { images: [...kept, ...madeImages(request)], excluded, config, release, lock }
}

/** The images of a lock, without what an earlier run made and this run makes anew: no registry has the earlier one. */
async function lockedImages(lock: Lock, { lock: path, made }: ImageSetRequest): Promise<FoundImage[]> {
  const { lockToEntries } = await import('../documents/lock.ts')
  const entries = lockToEntries(lock, path)
  return made === undefined
    ? entries
    : entries.filter(({ origins }) => origins.some(origin => origin !== made.origin))
}

function madeImages({ made }: ImageSetRequest): FoundImage[] {
  if (made === undefined) return []
  const { source, place, origin } = made
  return [{ source, place, purpose: 'components', origins: [origin] }]
}

function setOf({ excluded, lock }: Omit<Collected, 'images'>): Omit<ImageSet, 'images'> {
  return { excluded, ...(lock === undefined ? {} : { locked: lock.created }) }
}

// The parsers of locks, YAML, Dockerfiles and layers are loaded only if an input needs them, so that every other run starts sooner.

async function readRelease(
  request: ImageSetRequest,
  world: ImageSetWorld,
  config: Configuration | undefined,
): Promise<CollectedRelease | undefined> {
  if ((request.release ?? request.versions ?? request.catalogue) === undefined) return undefined
  const { collectRelease } = await import('./release/release-images.ts')
  return collectRelease(request, world, config?.isSet)
}

async function readLockInput(
  { lock: path }: ImageSetRequest,
  { stdin }: ImageSetWorld,
): Promise<Lock | undefined> {
  if (path === undefined) return undefined
  const { readLockFile } = await import('../documents/lock-file.ts')
  return readLockFile(await readInput(path, stdin), path)
}

async function readConfig(
  { config: path }: ImageSetRequest,
  { stdin }: ImageSetWorld,
): Promise<Configuration | undefined> {
  if (path === undefined) return undefined
  const { parseInstallerConfig } = await import('./discovery/installer-config.ts')
  const { readInstallerConfig, settingsOf } = await import('./discovery/installer-file.ts')
  const file = readInstallerConfig(await readInput(path, stdin), path)
  return { ...parseInstallerConfig(file, path), isSet: settingsOf(file) }
}

function configImages({ config: path }: ImageSetRequest, config: InstallerImages | undefined): FoundImage[] {
  if (config?.workspaceImage === undefined) return []
  return [{ source: config.workspaceImage, purpose: 'workspace-base', origins: [`config:${path}`] }]
}

async function listedImages(
  request: ImageSetRequest,
  { context, stdin }: ImageSetWorld,
): Promise<FoundImage[]> {
  const { images = [], manifests = [], charts = [], workspaceRepos = [], image = [] } = request
  const found: FoundImage[] = []
  for (const path of images)
    found.push(...(await parseImageList(await readInput(path, stdin), path, context)))
  for (const path of manifests) {
    const { manifestImages } = await import('./discovery/manifests/manifests.ts')
    found.push(...(await manifestImages(path, stdin, context)))
  }
  for (const path of charts) {
    const { chartImages } = await import('./discovery/chart/chart.ts')
    found.push(...(await chartImages(path, request.chartValues ?? [], context)))
  }
  for (const directory of workspaceRepos) {
    const { workspaceRepoImages } = await import('./discovery/workspace/workspace-repo.ts')
    found.push(...(await workspaceRepoImages(directory, context, request.workspaceFiles)))
  }
  for (const text of image) {
    const source = parseReference(text)
    found.push({ source, purpose: purposeOf(source), origins: [`image:${text}`] })
  }
  return found
}

function nameTargets(
  found: readonly FoundImage[],
  request: ImageSetRequest,
  collected: Omit<Collected, 'images'>,
): ImageEntry[] {
  const to = request.to ?? collected.config?.to
  if (to === undefined) return withoutCollisions(foldImages(found, true))
  const namings = namingsOf(request, collected)
  return withoutCollisions(assignTargets(foldImages(found, false), to, namings, namingOptions(collected)))
}

/** The lines of workspaces' files that must name the mirror: by the first naming, if there are several. */
function nameRewrites(
  found: readonly FoundImage[],
  request: ImageSetRequest,
  collected: Omit<Collected, 'images'>,
): Pick<ImageSet, 'rewrites'> {
  const to = request.to ?? collected.config?.to
  const [naming] = namingsOf(request, collected)
  if (to === undefined || naming === undefined || found.every(({ mention }) => mention === undefined))
    return {}
  const options = namingOptions(collected)
  return { rewrites: rewritesOf(found, source => targetNames(source, to, naming, options)[0] ?? source) }
}

function namingsOf(
  { namings = [] }: ImageSetRequest,
  { config }: Omit<Collected, 'images'>,
): readonly Naming[] {
  return namings.length > 0 ? namings : [config?.naming ?? 'installer']
}

function namingOptions({ release }: Omit<Collected, 'images'>): NamingOptions {
  return release === undefined ? {} : { chartsKeepPath: release.chartsKeepPath }
}

/** Warns of patterns that match no image. Such a pattern is probably misspelt, and an unwanted image would be copied. */
function warnOfIdlePatterns(
  { exclude = [] }: ImageSetRequest,
  excluded: ImageSet['excluded'],
  { emit }: Context,
): void {
  for (const pattern of exclude) {
    if (excluded.some(image => image.pattern === pattern)) continue
    const message = `--exclude '${pattern}' leaves nothing out; it is tried on the whole reference, e.g. docker.io/library/redis:6.2`
    emit({ type: 'warning', code: 'image-set', message })
  }
}

function emptySet(found: readonly FoundImage[], request: ImageSetRequest): GpregError {
  if (found.length > 0)
    return new GpregError('image-set-empty', `all ${found.length} images are left out`, {
      hint: 'check --exclude and --purpose',
    })
  const { images = [], manifests = [], charts = [], workspaceRepos = [] } = request
  const read = [...images, ...manifests, ...charts, ...workspaceRepos]
  if (read.length === 0)
    return new GpregError('image-set-empty', 'there are no images to work with', {
      hint: 'name some: --release, --versions, --images, --manifests, --chart, --workspace-repo, --image, --lock or --config',
    })
  return new GpregError(
    'image-set-empty',
    `${read.map(path => place(path)).join(', ')}: no image is named there`,
    {
      hint: read.includes(STDIN)
        ? 'look at the command before the pipe: it may have failed or written nothing'
        : 'a list has a reference a line, e.g. docker.io/library/redis:6.2; --image names one more',
    },
  )
}
