import { DOCKER_HUB } from '../../model/reference.ts'
import type { Credential } from './credential.ts'
import { readDockerConfigFile } from './docker-config-file.ts'

/** A credentials file: docker's `config.json` or podman's `auth.json`. Keys are normalised: `host[:port][/path]`. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, Credential>
  /** Helper names by host. An empty name means that the file itself keeps the credential. */
  readonly helpers: ReadonlyMap<string, string>
  /** The helper of all other hosts. */
  readonly defaultHelper?: string
  /** The file has hosts at the top level instead of `auths`. */
  readonly isOldFormat: boolean
}

/** Where a config says that the credential of a repository is: in the file, or with a helper. */
export type ConfiguredLogin =
  | { readonly kind: 'credential'; readonly credential: Credential }
  | { readonly kind: 'helper'; readonly name: string }

/** @throws `input-invalid`; the message holds nothing of the file */
export function parseDockerConfig(text: string, path = 'auth.json'): DockerConfig {
  const { credentials, helpers, defaultHelper, isOldFormat } = readDockerConfigFile(text, path)
  return {
    auths: byNormalisedKey(credentials),
    helpers: byNormalisedKey(helpers),
    isOldFormat,
    ...(defaultHelper === undefined ? {} : { defaultHelper }),
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
  const bare = key.replace(SCHEME, '')
  const version = bare === key ? /^([^/]+)\/v[12]\/*$/ : /^(.+)\/v[12]\/*$/
  const trimmed = bare.replace(version, '$1').replace(/\/+$/, '')
  const [host = '', ...path] = trimmed.split('/')
  return [normaliseHost(host), ...path].join('/')
}

const SCHEME = /^https?:\/\//i

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

/**
 * Of several spellings of one key the one that docker writes wins, then the normalised one, then the first in the file. A key with a
 * scheme and a path is also the key of its host, as for docker and podman, if there is no other.
 */
function byNormalisedKey<T>(entries: readonly (readonly [string, T])[]): Map<string, T> {
  const best = new Map<string, { rank: number; value: T }>()
  const offer = (normal: string, rank: number, value: T) => {
    if (rank < (best.get(normal)?.rank ?? Infinity)) best.set(normal, { rank, value })
  }
  for (const [key, value] of entries) {
    const normal = normaliseKey(key)
    offer(normal, key === serverName(normal) ? 0 : key === normal ? 1 : 2, value)
    if (SCHEME.test(key)) offer(normal.split('/', 1)[0] ?? '', 3, value)
  }
  return new Map([...best].map(([normal, { value }]) => [normal, value]))
}

function firstOf<T>(values: ReadonlyMap<string, T>, keys: readonly string[]): T | undefined {
  const key = keys.find(candidate => values.has(candidate))
  return key === undefined ? undefined : values.get(key)
}
