import { z } from 'zod'
import { GpregError } from '../../errors.ts'
import { DOCKER_HUB } from '../../model/reference.ts'
import type { Credential } from './credential.ts'

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
})

/** docker's `config.json` and podman's `auth.json` share this shape. Other keys belong to other programs. */
const configFile = z.object({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
})

/** A credentials file: docker's `config.json` or podman's `auth.json`. Keys are normalised: `host[:port][/path]`. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, Credential>
  /** Helper names by host. An empty name means that the file itself keeps the credential. */
  readonly helpers: ReadonlyMap<string, string>
  /** The helper of all other hosts. */
  readonly defaultHelper?: string
}

/** Where a config says that the credential of a repository is: in the file, or with a helper. */
export type ConfiguredLogin =
  | { readonly kind: 'credential'; readonly credential: Credential }
  | { readonly kind: 'helper'; readonly name: string }

/** @throws `input-invalid`; the message holds nothing of the file */
export function parseDockerConfig(text: string, path = 'auth.json'): DockerConfig {
  try {
    const { auths = {}, credHelpers = {}, credsStore } = configFile.parse(JSON.parse(text))
    const credentials = Object.entries(auths).flatMap(([key, value]): [string, Credential][] => {
      const credential = decode(value)
      return credential === undefined ? [] : [[key, credential]]
    })
    return {
      auths: byNormalisedKey(credentials),
      helpers: byNormalisedKey(Object.entries(credHelpers)),
      ...(credsStore ? { defaultHelper: credsStore } : {}),
    }
  } catch {
    throw new GpregError('input-invalid', `${path} is not a docker config.json or podman auth.json`, {
      path,
      hint: 'it is JSON with "auths", "credHelpers" or "credsStore"',
    })
  }
}

/**
 * Finds the login of a repository. The most specific entry wins: the repository, each path above it, the host. A helper that is
 * named for the host comes before the entries. https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function findLogin(
  config: DockerConfig,
  host: string,
  repository: string,
): ConfiguredLogin | undefined {
  const keys = candidateKeys(host, repository)
  const own = firstOf(config.helpers, keys)
  if (own) return { kind: 'helper', name: own }
  const credential = firstOf(config.auths, keys)
  if (credential !== undefined) return { kind: 'credential', credential }
  const helper = own ?? config.defaultHelper
  return helper ? { kind: 'helper', name: helper } : undefined
}

/** The login of the only entry below an address, such as one repository's on a host; undefined if there are several. */
export function findOnlyLoginBelow(config: DockerConfig, address: string): Credential | undefined {
  const above = `${normaliseKey(address)}/`
  const [below, ...more] = [...config.auths].filter(([key]) => key.startsWith(above))
  return more.length === 0 ? below?.[1] : undefined
}

/** The helper that keeps the login of a host; undefined if the file keeps it. */
export function helperOf({ helpers, defaultHelper }: DockerConfig, host: string): string | undefined {
  return (helpers.get(normaliseKey(host)) ?? defaultHelper) || undefined
}

/**
 * Normalises a key: docker adds a scheme and a version path (`https://index.docker.io/v1/`), and Docker Hub has three host names.
 * Without a scheme only `host/v1` and `host/v2` lose their end, because `host/team/v1` is a repository.
 */
export function normaliseKey(key: string): string {
  const bare = key.replace(/^https?:\/\//i, '')
  const version = bare === key ? /^([^/]+)\/v[12]\/*$/ : /^(.+)\/v[12]\/*$/
  const trimmed = bare.replace(version, '$1').replace(/\/+$/, '')
  const [host = '', ...path] = trimmed.split('/')
  return [normaliseHost(host), ...path].join('/')
}

function normaliseHost(host: string): string {
  const lower = host.toLowerCase()
  return lower === 'index.docker.io' || lower === 'registry-1.docker.io' ? DOCKER_HUB : lower
}

/** The name of a host in docker's file and for helpers. */
export function serverName(host: string): string {
  return host === DOCKER_HUB ? 'https://index.docker.io/v1/' : host
}

/** The repository and every path above it (podman's entries), down to the host. */
function candidateKeys(host: string, repository: string): string[] {
  const segments = repository.split('/').filter(segment => segment !== '')
  const known = normaliseHost(host)
  const paths = segments.map((_, index) => segments.slice(0, segments.length - index).join('/'))
  return [...paths.map(path => `${known}/${path}`), known]
}

/** Two spellings of one key: the normalised spelling wins over others, wherever it stands in the file. */
function byNormalisedKey<T>(entries: readonly (readonly [string, T])[]): Map<string, T> {
  const spelled = entries.map(([key, value]) => [normaliseKey(key), value] as const)
  const exact = entries.filter(([key]) => key === normaliseKey(key))
  return new Map([...spelled, ...exact])
}

function firstOf<T>(values: ReadonlyMap<string, T>, keys: readonly string[]): T | undefined {
  const key = keys.find(candidate => values.has(candidate))
  return key === undefined ? undefined : values.get(key)
}

/** docker pads short passwords with NULs. An entry without user and token is a mark that a helper keeps the login. */
function decode({ auth, username, password, identitytoken }: z.output<typeof entry>): Credential | undefined {
  const decoded = auth ? Buffer.from(auth, 'base64').toString('utf8') : ''
  const colon = decoded.indexOf(':')
  const user = username || (colon < 0 ? '' : decoded.slice(0, colon))
  const secret = password || (colon < 0 ? '' : decoded.slice(colon + 1).replace(/\0+$/, ''))
  if (user === '' && !identitytoken) return undefined
  return { username: user, password: secret, ...(identitytoken ? { identityToken: identitytoken } : {}) }
}
