const HUB = 'docker.io'
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*'
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const NAME = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*(?::[0-9]+)?/)?${COMPONENT}(?:/${COMPONENT})*$`)
const LONGEST_NAME = 255

/** The longest of the names that the installer puts below `repository`. */
const LONGEST_IMAGE = 'seccomp-profile-installer'

/**
 * The full form of an image name without tag and digest, by the grammar that the installer uses; undefined if it is none. Hosts
 * are DNS names or IPv4 addresses in any case, and paths are lower case.
 * https://github.com/distribution/distribution/blob/v2.8.1/reference/normalize.go
 */
function normalise(name: string): string | undefined {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const isHost = /[.:]/.test(first) || first === 'localhost'
  const host = !isHost || first === 'index.docker.io' ? HUB : first
  const path = isHost ? name.slice(slash + 1) : name
  const full = `${host}/${host === HUB && !path.includes('/') ? 'library/' : ''}${path}`
  return NAME.test(full) && full.length <= LONGEST_NAME ? full : undefined
}

/**
 * True if the installer can make image names of a repository. It panics on other ones. With `dropImageRepo` it puts the last
 * segment of a name below the repository as it is written, and that must be the full form of a name already.
 * https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/common/render.go
 */
export function canHoldImages(repository: string, dropImageRepo: boolean): boolean {
  const name = normalise(`${repository.replace(/\/$/, '')}/${LONGEST_IMAGE}`)
  if (name === undefined || !dropImageRepo) return name !== undefined
  const dropped = `${repository}/${LONGEST_IMAGE}`
  return normalise(dropped) === dropped
}
