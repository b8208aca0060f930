import type { Reference } from '@gpreg/oci'
import { referenceBelow, withoutHost, type RelativeName, type RegistryPrefix } from '@gpreg/oci/engine'
import { GITPOD_BUILD } from './release/catalogue.ts'

/**
 * How images are named below the target prefix. `installer`: as `gitpod-installer mirror list` names them; `flat`: by the last
 * path segment, as KOTS and `dropImageRepo` expect; `source`: by the whole upstream path, for node-level mirrors.
 */
export type Naming = 'installer' | 'flat' | 'source'

export interface NamingOptions {
  /** See {@link Release.chartsKeepPath}. If the release is unknown, images of the bitnami charts get both names. */
  readonly chartsKeepPath?: boolean
}

/**
 * The names of an image below a prefix. Tag and digest stay. Only `flat` may give two names, because the installer names images
 * of the bitnami charts differently by release. An image that is below the prefix already keeps its name.
 */
export function targetNames(
  source: Reference,
  to: RegistryPrefix,
  naming: Naming,
  options: NamingOptions = {},
): Reference[] {
  if (liesBelow(to, source)) return [source]
  return relativeNames(source, naming, options).map(name => referenceBelow(to, name))
}

/** The names of an image, relative to a prefix that is not known yet. */
export function relativeNames(
  source: Reference,
  naming: Naming,
  { chartsKeepPath }: NamingOptions = {},
): RelativeName[] {
  const last = source.repository.slice(source.repository.lastIndexOf('/') + 1)
  const paths = {
    installer: () => [liesBelow(GITPOD_BUILD, source) ? below(GITPOD_BUILD, source) : source.repository],
    source: () => [source.repository],
    flat: () => {
      if (!isChartImage(source) || chartsKeepPath === false) return [last]
      return chartsKeepPath === true ? [source.repository] : [last, source.repository]
    },
  }
  return paths[naming]().map(repository => ({ ...withoutHost(source), repository }))
}

/** True if the repository is below the prefix. A prefix without a path has nothing below it, because it is a whole registry. */
export function liesBelow(prefix: RegistryPrefix, { host, repository }: Reference): boolean {
  return prefix.path !== '' && host === prefix.host && repository.startsWith(`${prefix.path}/`)
}

function below(prefix: RegistryPrefix, { repository }: Reference): string {
  return repository.slice(prefix.path.length + 1)
}

/**
 * True for images of the bitnami Helm charts. From release-2022.11.2 on, the installer gives these charts only the registry, so
 * their images keep their paths even with `dropImageRepo`.
 */
function isChartImage({ host, repository }: Reference): boolean {
  return host === 'docker.io' && repository.startsWith('bitnami/')
}
