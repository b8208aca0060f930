import type { Context } from '../context.ts'
import { GpregError } from '@gpreg/oci/errors'
import { parseReference } from '@gpreg/oci/model/reference'
import { excludeImages, foldImages, sortEntries } from './fold.ts'
import { purposeOf, type FoundImage } from './discovery/found-image.ts'
import { parseImageList } from './discovery/image-list.ts'
import type { ImageSetRequest, ImageSetWorld } from './image-set-request.ts'
import type { ImageEntry, ImageSet } from './image-set.ts'
import { readInput } from '../input.ts'
import type { InstallerImages } from './discovery/installer-config.ts'
import { lockToEntries, readLock, type Lock } from '../documents/lock.ts'
import type { CollectedRelease } from './release/release-images.ts'
import { assignTargets, withoutCollisions } from './targets.ts'

/**
 * Finds all images that a request names, with their targets where it says where they go.
 * @throws `input-unreadable`, `input-invalid`, `reference-invalid`, `release-unknown`, `image-set-empty`, `target-collision`,
 * and what reading the versions image throws
 */
export async function collectImageSet(request: ImageSetRequest, world: ImageSetWorld): Promise<ImageSet> {
  const { context } = world
  const config = await readConfig(request, world)
  const release = await readRelease(request, world)
  const lock = await readLockInput(request, world)
  const found = [
    ...(release?.images ?? []),
    ...configImages(request, config),
    ...(await listedImages(request, world)),
    ...(lock === undefined ? [] : lockToEntries(lock, request.lock)),
  ]
  const wanted = request.purposes?.length
    ? found.filter(({ purpose }) => request.purposes!.includes(purpose))
    : found
  const { kept, excluded } = excludeImages(wanted, request.exclude ?? [])
  if (kept.length === 0) throw emptySet(found)
  warnOfIdlePatterns(request, excluded, context)
  const images = nameTargets(kept, request, config, release)
  return {
    images: sortEntries(images),
    excluded,
    ...(lock === undefined ? {} : { locked: lock.created }),
  }
}

// The parsers of YAML, Dockerfiles and layers are loaded when an input needs them: most runs have a list or a lock, and start in
// a fifth less time without.

async function readRelease(
  request: ImageSetRequest,
  world: ImageSetWorld,
): Promise<CollectedRelease | undefined> {
  if ((request.release ?? request.versions ?? request.catalogue) === undefined) return undefined
  const { collectRelease } = await import('./release/release-images.ts')
  return collectRelease(request, world)
}

async function readLockInput(
  { lock: path }: ImageSetRequest,
  { stdin }: ImageSetWorld,
): Promise<Lock | undefined> {
  return path === undefined ? undefined : readLock(await readInput(path, stdin), path)
}

async function readConfig(
  { config: path }: ImageSetRequest,
  { stdin }: ImageSetWorld,
): Promise<InstallerImages | undefined> {
  if (path === undefined) return undefined
  const { parseInstallerConfig } = await import('./discovery/installer-config.ts')
  return parseInstallerConfig(await readInput(path, stdin), path)
}

function configImages({ config: path }: ImageSetRequest, config: InstallerImages | undefined): FoundImage[] {
  if (config?.workspaceImage === undefined) return []
  return [{ source: config.workspaceImage, purpose: 'workspace-base', origins: [`config:${path}`] }]
}

async function listedImages(
  request: ImageSetRequest,
  { context, stdin }: ImageSetWorld,
): Promise<FoundImage[]> {
  const { images = [], manifests = [], workspaceRepos = [], image = [] } = request
  const found: FoundImage[] = []
  for (const path of images) found.push(...parseImageList(await readInput(path, stdin), path, context))
  for (const path of manifests) {
    const { manifestImages } = await import('./discovery/manifests.ts')
    found.push(...(await manifestImages(path, stdin, context)))
  }
  for (const directory of workspaceRepos) {
    const { workspaceRepoImages } = await import('./discovery/workspace-repo.ts')
    found.push(...(await workspaceRepoImages(directory, context)))
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
  config: InstallerImages | undefined,
  release: CollectedRelease | undefined,
): ImageEntry[] {
  const to = request.to ?? config?.to
  if (to === undefined) return withoutCollisions(foldImages(found, true))
  const namings = request.namings?.length ? request.namings : [config?.naming ?? 'installer']
  const options = release === undefined ? {} : { chartsKeepPath: release.chartsKeepPath }
  return withoutCollisions(assignTargets(foldImages(found, false), to, namings, options))
}

/** A pattern that matches nothing is most likely misspelt, and then copies what was to be left out. */
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

function emptySet(found: readonly FoundImage[]): GpregError {
  return found.length === 0
    ? new GpregError('image-set-empty', 'there are no images to work with', {
        hint: 'name some: --release, --versions, --images, --manifests, --workspace-repo, --image, --lock or --config',
      })
    : new GpregError('image-set-empty', `all ${found.length} images are left out`, {
        hint: 'check --exclude and --purpose',
      })
}
