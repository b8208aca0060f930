import { GpregError } from '../errors.ts'
import { isDigest, type Digest } from './digest.ts'

/** `host[:port]/repository[:tag][@digest]`, normalised as Docker does: `redis` is `docker.io/library/redis:latest`. */
export interface Reference {
  /** host[:port], e.g. `docker.io` */
  readonly host: string
  /** path below the host, e.g. `library/redis` */
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

// https://github.com/distribution/reference/blob/main/reference.go, the grammar at its head
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`)
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const HOST = new RegExp(
  `^(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`,
)
const TAG = /^[\w][\w.-]{0,127}$/
const MAX_NAME = 255

export const DOCKER_HUB = 'docker.io'

/**
 * Reads a reference and fills in what Docker fills in: host `docker.io`, `library/`, tag `latest` (unless a digest is there).
 * @throws `reference-invalid`, saying which part is wrong
 */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text)
  const { host, repository } = splitName(name, text)
  if (!HOST.test(host)) throw invalidReference(text, `${JSON.stringify(host)} is not a host name`)
  assertRepository(repository, text)
  if (host.length + 1 + repository.length > MAX_NAME)
    throw invalidReference(text, `the name is longer than ${MAX_NAME} characters`)
  if (tag !== undefined && !isTag(tag)) throw invalidReference(text, `${JSON.stringify(tag)} is not a tag`)
  if (digest !== undefined && !isDigest(digest))
    throw invalidReference(text, `${JSON.stringify(digest)} is not a sha256 or sha512 digest`)
  return {
    host,
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest !== undefined ? { digest } : {}),
  }
}

/** {@link parseReference} for text that may be anything: undefined where it is no reference. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text)
  } catch {
    return undefined
  }
}

/** True where the text names a host itself, rather than leaving it to Docker's default. */
export function namesHost(text: string): boolean {
  const slash = text.indexOf('/')
  return slash > 0 && isHostLike(text.slice(0, slash))
}

export function isTag(text: string): boolean {
  return TAG.test(text)
}

export function isRepository(text: string): boolean {
  return text.length <= MAX_NAME && REPOSITORY.test(text)
}

export function formatReference({ host, repository, tag, digest }: Reference): string {
  return `${host}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** `host/repository` */
export function formatName({ host, repository }: Reference): string {
  return `${host}/${repository}`
}

/** What a registry is asked for: the digest where there is one, else the tag. */
export function tagOrDigest({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest'
}

/** A place below which repositories are written: `host[:port]/prefix`. */
export interface RegistryPrefix {
  readonly host: string
  /** path below the host, may be empty */
  readonly path: string
}

/**
 * Reads `--to`: a host and an optional path, with neither scheme, upper case, tag nor digest.
 * @throws `usage`
 */
export function parsePrefix(text: string): RegistryPrefix {
  const refuse = (why: string, hint: string) =>
    new GpregError('usage', `${JSON.stringify(text)} cannot be a target: ${why}`, { hint })
  const example = 'write host[:port]/prefix, e.g. registry.internal/team'
  if (/^[a-z]+:\/\//i.test(text))
    throw refuse('it has a scheme', `leave the scheme out: ${text.replace(/^[a-z]+:\/\//i, '')}`)
  const trimmed = text.replace(/\/+$/, '')
  const slash = trimmed.indexOf('/')
  const host = slash < 0 ? trimmed : trimmed.slice(0, slash)
  const path = slash < 0 ? '' : trimmed.slice(slash + 1)
  if (!HOST.test(host)) throw refuse(`${JSON.stringify(host)} is not a host`, example)
  if (!isHostLike(host))
    throw refuse(
      `Docker would read ${JSON.stringify(host)} as a path on docker.io`,
      `name the host with a dot or a port, e.g. ${host}.internal/team or ${host}:5000/team`,
    )
  if (path !== path.toLowerCase())
    throw refuse('repository paths are lower case', `use ${host}/${path.toLowerCase()}`)
  if (path !== '' && !isRepository(path))
    throw refuse(`${JSON.stringify(path)} is not a repository path`, example)
  return { host, path }
}

export function formatPrefix({ host, path }: RegistryPrefix): string {
  return path === '' ? host : `${host}/${path}`
}

/** `prefix/path`, or `path` where the prefix is empty. */
export function joinPath(prefix: string, path: string): string {
  return prefix === '' ? path : `${prefix}/${path}`
}

function splitReference(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const rest = at < 0 ? text : text.slice(0, at)
  const colon = rest.lastIndexOf(':')
  const tagged = colon > rest.lastIndexOf('/')
  return {
    name: tagged ? rest.slice(0, colon) : rest,
    ...(tagged ? { tag: rest.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  }
}

function splitName(name: string, text: string): { host: string; repository: string } {
  if (name === '') throw invalidReference(text, 'it is empty')
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const [host, path] = isHostLike(first) ? [first, name.slice(slash + 1)] : [DOCKER_HUB, name]
  const hub = host === DOCKER_HUB || host === 'index.docker.io'
  return hub
    ? { host: DOCKER_HUB, repository: path.includes('/') ? path : `library/${path}` }
    : { host, repository: path }
}

/** Docker's rule: the first segment is a host if it has a dot or a port, is `localhost`, or has upper case. */
function isHostLike(segment: string): boolean {
  return (
    segment !== '' && (/[.:]/.test(segment) || segment === 'localhost' || segment !== segment.toLowerCase())
  )
}

function assertRepository(repository: string, text: string): void {
  if (REPOSITORY.test(repository)) return
  const why =
    repository !== repository.toLowerCase()
      ? 'repository names are lower case'
      : `${JSON.stringify(repository)} is not a repository name`
  throw invalidReference(text, why)
}

function invalidReference(text: string, why: string): GpregError {
  const scheme = /^[a-z]+:\/\//i.test(text)
  return new GpregError(
    'reference-invalid',
    `${JSON.stringify(text.slice(0, 300))} is not an image reference: ${scheme ? 'it has a scheme' : why}`,
    {
      hint: scheme
        ? `leave the scheme out: ${text.replace(/^[a-z]+:\/\//i, '').slice(0, 300)}`
        : 'write host[:port]/repository[:tag][@digest], e.g. docker.io/library/redis:6.2',
    },
  )
}
