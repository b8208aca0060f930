import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import { DOCKER_HUB } from '../../model/reference.ts'
import { askHelper } from './credential-helper.ts'

export interface Credential {
  readonly username: string
  readonly password: string
  /** An OAuth2 refresh token; when there is one, it is used instead of the password. */
  readonly identityToken?: string
}

/** Finds the credential for a host and a repository on it. */
export interface Credentials {
  /** @param refused what the registry did not take: another one is wanted, where there is one */
  find(host: string, repository: string, refused?: Credential): Promise<Credential | undefined>
}

export function isSameCredential(one: Credential, other: Credential): boolean {
  return one.username === other.username && one.password === other.password
}

export const ANONYMOUS: Credentials = { find: async () => undefined }

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
})

/** docker `config.json` and podman `auth.json` share this shape; other keys are theirs. */
const configFile = z.object({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
})
type ConfigFile = z.output<typeof configFile>

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the credential files. A named file must be readable; of the usual places every one that exists is used, podman's first.
 * @param patience how long a helper is waited for at most, in milliseconds
 * @throws `input-unreadable`, `input-invalid`
 */
export async function loadCredentials(
  authFile: string | undefined,
  env: Environment,
  context: Context,
  patience?: number,
): Promise<Credentials> {
  const named = authFile ?? env['REGISTRY_AUTH_FILE']
  const files = named === undefined ? await readUsualPlaces(env, context) : [await readConfig(named)]
  return {
    async find(host, repository) {
      for (const file of files) {
        const credential = await lookUp(file, host, repository, patience)
        if (credential !== undefined) return credential
      }
      return undefined
    },
  }
}

/** Where podman (auth.json) and docker (config.json) keep credentials. https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md */
function usualPlaces(env: Environment): string[] {
  const home = env['HOME'] ?? homedir()
  return [
    ...(env['XDG_RUNTIME_DIR'] ? [join(env['XDG_RUNTIME_DIR'], 'containers', 'auth.json')] : []),
    join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'containers', 'auth.json'),
    join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
  ]
}

async function readUsualPlaces(env: Environment, context: Context): Promise<ConfigFile[]> {
  const files: ConfigFile[] = []
  for (const path of usualPlaces(env)) {
    try {
      files.push(await readConfig(path))
    } catch (error) {
      if ((error as { cause?: { code?: string } }).cause?.code === 'ENOENT') continue
      const message = `${path} was passed over: ${(error as Error).message}`
      context.emit({ type: 'warning', code: 'credentials-skipped', message, subject: { path } })
    }
  }
  return files
}

async function readConfig(path: string): Promise<ConfigFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new GpregError('input-unreadable', `cannot read the credentials file ${path}`, {
      path,
      cause,
      hint: 'name a docker config.json or a podman auth.json',
    })
  }
  return parseAuthFile(text, path)
}

/** @throws `input-invalid`; nothing of the file is in the message */
export function parseAuthFile(text: string, path = 'auth.json'): ConfigFile {
  try {
    return configFile.parse(JSON.parse(text))
  } catch {
    throw new GpregError('input-invalid', `${path} is not a docker config.json or podman auth.json`, {
      path,
      hint: 'it is JSON with "auths", "credHelpers" or "credsStore"',
    })
  }
}

async function lookUp(
  file: ConfigFile,
  host: string,
  repository: string,
  patience?: number,
): Promise<Credential | undefined> {
  const keys = candidateKeys(host, repository)
  const helper = keys.map(key => file.credHelpers?.[key]).find(name => name !== undefined)
  if (helper !== undefined) return askHelper(helper, serverName(host), patience)
  const normalised = new Map(
    Object.entries(file.auths ?? {}).map(([key, value]) => [normaliseKey(key), value]),
  )
  for (const key of keys) {
    const found = normalised.get(key)
    const credential = found && decode(found)
    if (credential) return credential
  }
  return file.credsStore === undefined ? undefined : askHelper(file.credsStore, serverName(host), patience)
}

/** The repository and every path above it (podman's entries), down to the host. */
function candidateKeys(host: string, repository: string): string[] {
  const segments = repository.split('/')
  const paths = segments.map((_, index) => `${host}/${segments.slice(0, segments.length - index).join('/')}`)
  return [...paths, ...hostKeys(host)]
}

/** A host by the names that files know it by; Docker Hub has several. */
export function hostKeys(host: string): string[] {
  return host === DOCKER_HUB ? [host, 'index.docker.io', 'registry-1.docker.io'] : [host]
}

/** docker writes keys with a scheme and a version path: `https://index.docker.io/v1/`. */
export function normaliseKey(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '')
}

/** How docker names a host to helpers and in its file. */
export function serverName(host: string): string {
  return host === DOCKER_HUB ? 'https://index.docker.io/v1/' : host
}

function decode({ auth, username, password, identitytoken }: z.output<typeof entry>): Credential | undefined {
  const decoded = auth ? Buffer.from(auth, 'base64').toString('utf8') : ''
  const colon = decoded.indexOf(':')
  const user = username ?? (colon < 0 ? '' : decoded.slice(0, colon))
  const secret = password ?? (colon < 0 ? '' : decoded.slice(colon + 1).replace(/\0+$/, ''))
  if (user === '' && !identitytoken) return undefined
  return { username: user, password: secret, ...(identitytoken ? { identityToken: identitytoken } : {}) }
}
