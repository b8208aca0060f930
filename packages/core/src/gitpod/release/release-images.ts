import type { Context } from '../../context.ts'
import { formatReference } from '@gpreg/oci'
import { findRelease, type Release } from './catalogue.ts'
import type { FoundImage } from '../discovery/found-image.ts'
import type { IsSet } from '../discovery/installer-file.ts'
import type { ImageSetRequest, ImageSetWorld } from '../image-set-request.ts'
import { readInput } from '../../input.ts'
import { parseVersions, releaseImages } from './versions.ts'
import { readVersionsImage, versionsImage } from './versions-image.ts'

export interface CollectedRelease {
  readonly images: readonly FoundImage[]
  readonly chartsKeepPath: boolean
}

/**
 * Finds the images of a release by the tag of its versions image (`release`), by its versions manifest (`versions`), or both.
 * `isSet` tells the settings of the configuration, if there is one, for images that only some configurations have.
 * With `catalogue` alone there are no images, but `chartsKeepPath` is still known. Undefined if none of the three is given.
 */
export async function collectRelease(
  { release, versions, catalogue }: ImageSetRequest,
  world: ImageSetWorld,
  isSet?: IsSet,
): Promise<CollectedRelease | undefined> {
  const { context } = world
  const images: FoundImage[] = []
  const given = catalogue === undefined ? undefined : lookUp(catalogue, context)
  let entry = given
  if (release !== undefined) {
    entry = given ?? lookUp(release, context)
    const image = versionsImage(release)
    const text = await readVersionsImage(image, await world.openVersions(image), context)
    images.push(...releaseImages(entry, parseVersions(text, formatReference(image)), context, isSet))
  }
  if (versions !== undefined) {
    const manifest = parseVersions(await readInput(versions, world.stdin), versions)
    entry = given ?? lookUp(manifest.version ?? '', context)
    images.push(...releaseImages(entry, manifest, context, isSet))
  }
  return entry && { images, chartsKeepPath: entry.chartsKeepPath }
}

function lookUp(version: string, context: Context): Release {
  const { release, exact } = findRelease(version)
  if (!exact) {
    const message = `the catalogue has no ${version}; third-party images are those of ${release.name}`
    context.emit({ type: 'warning', code: 'image-set', message })
  }
  return release
}
