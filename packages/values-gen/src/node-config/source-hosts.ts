import { findRelease, knownReleases } from '@gpreg/core'

/** Every host that a release in the catalogue pulls from: `docker.io`, `eu.gcr.io`, `quay.io`, … */
export function knownSourceHosts(): string[] {
  const images = knownReleases().flatMap(name => findRelease(name).release.pinned)
  return [...new Set(images.map(({ host }) => host))].sort()
}
