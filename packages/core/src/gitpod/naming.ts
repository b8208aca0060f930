import type { Reference } from '@gpreg/oci'
import { referenceBelow, withoutHost, type RelativeName, type RegistryPrefix } from '@gpreg/oci/engine'
import { GITPOD_BUILD } from './release/catalogue.ts'

/**
 * How images are called below the target prefix. `installer`: as `gitpod-installer mirror list` makes them; `flat`: by the last
 * path segment, as KOTS and `dropImageRepo` expect; `source`: by the whole upstream path, for node-level mirrors.
 */
export type Naming = 'installer' | 'flat' | 'source'

export interface NamingOptions {
  /** {@link Release.chartsKeepPath}; where the release is not known, the images in question get both names. */
  readonly chartsKeepPath?: boolean
}

/**
 * The names of an image below a prefix. Tag and digest stay; only `flat` gives more than one, where the installer's own
 * naming differs by release. An image that lies below the prefix has its name already.
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

/** The names of an image, whatever prefix they are going to be below. */
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

/** True for images whose repository is under the prefix. A prefix without a path is a registry, not a place in it. */
export function liesBelow(prefix: RegistryPrefix, { host, repository }: Reference): boolean {
  return prefix.path !== '' && host === prefix.host && repository.startsWith(`${prefix.path}/`)
}

function below(prefix: RegistryPrefix, { repository }: Reference): string {
  return repository.slice(prefix.path.length + 1)
}

/** Helm charts of bitnami: from release-2022.11.2 they are given the registry alone, so their paths outlive `dropImageRepo`. */
function isChartImage({ host, repository }: Reference): boolean {
  return host === 'docker.io' && repository.startsWith('bitnami/')
}
