import { GpregError, parseReference, type Reference } from '@gpreg/oci'
import { joinPath, type RegistryPrefix } from '@gpreg/oci/engine'
import { RELEASE_CHANGES, type ReleaseChanges } from './catalogue-data.ts'

/** The prefix of the images that Gitpod publishes, e.g. `eu.gcr.io/gitpod-core-dev/build/server`. */
export const GITPOD_BUILD: RegistryPrefix = { host: 'eu.gcr.io', path: 'gitpod-core-dev/build' }

/** The entry of the catalogue for a release. */
export interface Release {
  /** e.g. `2022.11.3` */
  readonly name: string
  /** Images with tags in the versions manifest. */
  readonly components: readonly Component[]
  /** Images with tags that the installer itself fixes: moving tags, constants, third-party pins. */
  readonly pinned: readonly Reference[]
  /** Images with fixed tags that only some configurations have. */
  readonly conditional: readonly ConditionalImage[]
  /** With `dropImageRepo`, images of the bitnami charts keep their path while all others lose it. */
  readonly chartsKeepPath: boolean
}

export interface ConditionalImage {
  readonly source: Reference
  /** as for a {@link Component} */
  readonly when: string
}

export interface Component {
  /** path below `components` in the versions manifest, e.g. `workspace.supervisor` */
  readonly key: string
  /** path below {@link GITPOD_BUILD} */
  readonly repository: string
  /** The setting that makes the installer render the component, e.g. `a.b` or `a.b: value`; absent if `mirror list` always has it. */
  readonly when?: string
}

/** A release of the catalogue. `exact` is false if another release was asked for. */
export interface CatalogueMatch {
  readonly release: Release
  readonly exact: boolean
}

/** The names of all releases in the catalogue, oldest first. */
export function knownReleases(): readonly string[] {
  return RELEASE_CHANGES.map(({ release }) => release)
}

const VERSION = /^(?:release-|v)?(\d{4}\.\d{2})(?:\.(\d+)(?=$|[.+-])|(?=$|[+-]))/

/**
 * Finds the release of a version, e.g. `2022.11.3`, `release-2022.11.3` or `release-2022.11.2.16`. If the catalogue has only
 * other patch releases of that month, the nearest one is taken, and of two the newer one. A version without a patch number means
 * the newest release of the month.
 * @throws `release-unknown`
 */
export function findRelease(version: string): CatalogueMatch {
  const [, month, patch] = VERSION.exec(version) ?? []
  const ofMonth = RELEASE_CHANGES.filter(({ release }) => release.startsWith(`${month}.`))
  const nearest = ofMonth.toSorted(
    (a, b) => distance(a, patch) - distance(b, patch) || patchOf(b) - patchOf(a),
  )[0]
  if (nearest === undefined) throw unknownRelease(version)
  return {
    release: buildRelease(nearest.release),
    exact: patch === undefined || patchOf(nearest) === Number(patch),
  }
}

function patchOf({ release }: ReleaseChanges): number {
  return Number(release.slice(release.lastIndexOf('.') + 1))
}

function distance(changes: ReleaseChanges, patch: string | undefined): number {
  return patch === undefined ? 0 : Math.abs(patchOf(changes) - Number(patch))
}

/** Applies all differences up to a release. */
function buildRelease(name: string): Release {
  const changes = RELEASE_CHANGES.slice(0, knownReleases().indexOf(name) + 1)
  const components = Object.assign({}, ...changes.map(change => change.components))
  const moving: Record<string, string> = Object.assign({}, ...changes.map(change => change.moving))
  const thirdParty: Record<string, readonly string[]> = Object.assign(
    {},
    ...changes.map(change => change.thirdParty),
  )
  const conditional: Record<string, string> = Object.assign({}, ...changes.map(change => change.conditional))
  const { code } = changes.at(-1)!
  const { chartsKeepPath = false } = changes.findLast(change => change.chartsKeepPath !== undefined) ?? {}
  return {
    name,
    components: Object.entries<string | Omit<Component, 'key'> | null>(components).flatMap(
      ([key, component]) =>
        component === null
          ? []
          : [typeof component === 'string' ? { key, repository: component } : { key, ...component }],
    ),
    pinned: [
      gitpodImage('ide/code', `commit-${code}`),
      ...Object.entries(moving).map(([repository, tag]) => gitpodImage(repository, tag)),
      ...Object.entries(thirdParty).flatMap(([image, tags]) =>
        tags.map(tag => parseReference(`${image}:${tag}`)),
      ),
    ],
    conditional: Object.entries(conditional).map(([image, when]) => ({ source: parseReference(image), when })),
    chartsKeepPath,
  }
}

/** An image of Gitpod's own by its path below {@link GITPOD_BUILD}. */
export function gitpodImage(repository: string, tag: string): Reference {
  return { host: GITPOD_BUILD.host, repository: joinPath(GITPOD_BUILD.path, repository), tag }
}

function unknownRelease(version: string): GpregError {
  const why =
    version === ''
      ? 'nothing says which release the versions manifest is of'
      : `the catalogue has no release ${JSON.stringify(version)}`
  return new GpregError('release-unknown', why, {
    hint: `take the nearest one (--catalogue, or --release of values): ${knownReleases().join(', ')}`,
  })
}
