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
  `^(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`,
)
const TAG = /^[\w][\w.-]{0,127}$/
const MAX_NAME = 255
const MAX_PORT = 65_535
const SCHEME = /^[a-z]+:\/\//i

export const DOCKER_HUB = 'docker.io'

/**
 * Reads a reference and fills in what Docker fills in: host `docker.io`, `library/`, tag `latest` (unless a digest is there).
 * @throws `reference-invalid`, saying which part is wrong
 */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text)
  const { host, repository } = splitName(name, text)
  const fault = faultOfHost(host)
  if (fault !== undefined) throw invalidReference(text, fault)
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

/** {@link parseReference} without errors: undefined if the text is no reference. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text)
  } catch {
    return undefined
  }
}

/** True if Docker reads the text before the first slash as a host. Without a slash Docker reads a repository of Docker Hub. */
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

/** The digest of a reference if it has one, else its tag, because a digest names the content exactly. */
export function tagOrDigest({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest'
}

/** The address of a registry, or of a path on it below which repositories lie: `host[:port][/path]`. */
export interface RegistryPrefix {
  readonly host: string
  /** path below the host, may be empty */
  readonly path: string
}

/**
 * Reads an address `host[:port][/path]`: no scheme, upper case, tag or digest. Slashes at its end do not count.
 * @throws `usage`
 */
export function parseAddress(text: string): RegistryPrefix {
  const login = LOGIN_ALONE.exec(text)?.[0] ?? LOGIN.exec(text)?.[0]
  if (login !== undefined) throw addressWithLogin(text.slice(login.length))
  const scheme = SCHEME.exec(text)?.[0]
  if (scheme !== undefined)
    throw invalidAddress(text, 'it has a scheme', `leave the scheme out: ${text.slice(scheme.length)}`)
  const lower = text.toLowerCase()
  if (lower !== text) throw invalidAddress(text, 'addresses are lower case', `write ${lower}`)
  const [host = '', ...segments] = text.replace(/\/+$/, '').split('/')
  const path = segments.join('/')
  const fault = faultOfHost(host)
  if (fault !== undefined) throw invalidAddress(text, fault)
  if (path !== '' && !isRepository(path))
    throw invalidAddress(text, `${JSON.stringify(path)} is not a repository path`)
  return { host, path }
}

/**
 * Reads an {@link parseAddress address} below which images get their names, so Docker must read its first segment as a host.
 * @throws `usage`
 */
export function parsePrefix(text: string): RegistryPrefix {
  const address = parseAddress(text)
  const { host } = address
  if (isHostLike(host)) return address
  throw invalidAddress(
    text,
    `Docker would read ${JSON.stringify(host)} as a path on docker.io`,
    `name the host with a dot or a port, e.g. ${host}.internal/apps or ${host}:5000/apps`,
  )
}

export function formatPrefix({ host, path }: RegistryPrefix): string {
  return path === '' ? host : `${host}/${path}`
}

/** Whether a repository lies below a prefix, or is the prefix itself. */
export function isBelow({ host, path }: RegistryPrefix, reference: Reference): boolean {
  const { repository } = reference
  return reference.host === host && (path === '' || repository === path || repository.startsWith(`${path}/`))
}

/** `prefix/path`, or `path` if the prefix is empty. */
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
export function isHostLike(segment: string): boolean {
  return (
    segment !== '' && (/[.:]/.test(segment) || segment === 'localhost' || segment !== segment.toLowerCase())
  )
}

/** The reason why no registry can have this host; undefined if one can. `URL` knows the rules of IP addresses and ports. */
function faultOfHost(host: string): string | undefined {
  const port = /:([^:\]]*)$/.exec(host)?.[1]
  if (port !== undefined && !(/^[0-9]+$/.test(port) && Number(port) >= 1 && Number(port) <= MAX_PORT))
    return `the port of ${JSON.stringify(host)} is not a number from 1 to ${MAX_PORT}`
  return HOST.test(host) && URL.canParse(`https://${host}`)
    ? undefined
    : `${JSON.stringify(host)} is not a host name`
}

function assertRepository(repository: string, text: string): void {
  if (REPOSITORY.test(repository)) return
  const why =
    repository !== repository.toLowerCase()
      ? 'repository names are lower case'
      : `${JSON.stringify(repository)} is not a repository name`
  throw invalidReference(text, why)
}

/** A text that begins with a login, as URLs may: `user:password@host/path`. A digest has no slash behind its `@`. */
const LOGIN = /^.*@(?=[^@]*\/)/

/** The same before a host without a path. A tag may stand there in a reference, so this is for addresses. */
const LOGIN_ALONE = /^(?:[a-z]+:\/\/)?[^/]*@(?!sha\d+:)(?=[^@/]*$)/i

function invalidReference(text: string, why: string): GpregError {
  const login = LOGIN.exec(text)?.[0]
  if (login !== undefined) {
    const bare = text.slice(login.length, 300)
    return new GpregError('reference-invalid', `"…@${bare}" is not an image reference: it has a login`, {
      hint: loginHint(bare),
    })
  }
  const scheme = SCHEME.exec(text)?.[0]
  return new GpregError(
    'reference-invalid',
    `${JSON.stringify(text.slice(0, 300))} is not an image reference: ${scheme === undefined ? why : 'it has a scheme'}`,
    {
      hint:
        scheme === undefined
          ? 'write host[:port]/repository[:tag][@digest], e.g. docker.io/library/redis:6.2'
          : `leave the scheme out: ${text.slice(scheme.length, 300)}`,
    },
  )
}

/** Shows nothing of the login, because it is a secret. */
function addressWithLogin(bare: string): GpregError {
  return new GpregError('usage', `"…@${bare}" is not the address of a registry: it has a login`, {
    hint: loginHint(bare),
  })
}

function loginHint(bare: string): string {
  return `write ${bare}, and keep the login with gpreg login ${bare.split('/', 1)[0]}`
}

function invalidAddress(
  text: string,
  why: string,
  hint = 'write host[:port][/path], e.g. registry.internal:5000/apps',
): GpregError {
  return new GpregError('usage', `${JSON.stringify(text)} is not the address of a registry: ${why}`, { hint })
}
