import { z } from 'zod'
import { GpregError } from '../../errors.ts'
import { isRecord } from '../../value.ts'
import type { Credential } from './credential.ts'

/** Go writes `null` for what is empty, so any field may be null. */
const text = z.string().nullish()

const entry = z.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
  email: text,
})

const entries = z.record(z.string(), entry.nullish())

/** docker's `config.json` and podman's `auth.json` share this shape. Other keys belong to other programs. */
const configFile = z.object({
  auths: entries.nullish(),
  credHelpers: z.record(z.string(), text).nullish(),
  credsStore: text,
})

/** The content of a credentials file, its keys as they stand there. */
export interface DockerConfigFile {
  readonly credentials: readonly (readonly [string, Credential])[]
  readonly helpers: readonly (readonly [string, string])[]
  readonly defaultHelper?: string
  /** The file has hosts at the top level, as docker wrote them before 1.7 and `kubernetes.io/dockercfg` still does. */
  readonly isOldFormat: boolean
}

/** @throws `input-invalid`; the message holds nothing of the file */
export function readDockerConfigFile(content: string, path: string): DockerConfigFile {
  const document = credentialsDocument(content)
  if (isSecret(content, document)) throw secretError(path)
  const config = configFile.safeParse(document)
  if (!config.success || !isRecord(document)) throw otherShape(path)
  const isOldFormat = isOldDocument(document)
  if (!isOldFormat && !isDockerDocument(document)) throw otherShape(path)
  const { auths, credHelpers, credsStore } = config.data
  const logins = isOldFormat ? entries.parse(document) : (auths ?? {})
  return {
    credentials: Object.entries(logins).flatMap(([key, value]): [string, Credential][] => {
      const credential = value ? decode(value) : undefined
      return credential === undefined ? [] : [[key, credential]]
    }),
    helpers: Object.entries(credHelpers ?? {}).map(([key, name]) => [key, name ?? ''] as const),
    ...(credsStore ? { defaultHelper: credsStore } : {}),
    isOldFormat,
  }
}

/** Keys of docker's `config.json`; a file with one of them is one, though it may hold no login. https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties */
const DOCKER_KEY =
  /^(?:auths|cred(?:Helpers|sStore)|HttpHeaders|\w+Format|detachKeys|pruneFilters|proxies|currentContext|cliPluginsExtraDirs|plugins|aliases|features|experimental|stackOrchestrator|kubernetes)$/

function isDockerDocument(document: object): boolean {
  const keys = Object.keys(document)
  return keys.length === 0 || keys.some(key => DOCKER_KEY.test(key))
}

/** Whether every value at the top level is a login. */
function isOldDocument(document: object): boolean {
  const values = Object.values(document)
  const isLogin = (value: unknown) =>
    isRecord(value) && Object.keys(entry.shape).some(key => key in value) && entry.safeParse(value).success
  return !('auths' in document) && values.length > 0 && values.every(isLogin)
}

/** Whether a file is a Kubernetes Secret in JSON or YAML, or the `data` of one. */
function isSecret(content: string, document: unknown): boolean {
  if (document === undefined)
    return /^\s*(?:kind:\s*["']?Secret\b|["']?\.dockerc(?:onfigjson|fg)["']?\s*:)/m.test(content)
  if (!isRecord(document)) return false
  return (
    ('kind' in document && document.kind === 'Secret') ||
    [document, 'data' in document ? document.data : {}].some(holdsConfig)
  )
}

function holdsConfig(data: unknown): boolean {
  return isRecord(data) && ('.dockerconfigjson' in data || '.dockercfg' in data)
}

/** The JSON of a credentials file; undefined for anything else. An empty file, such as /dev/null, has no logins, as docker reads it. */
export function credentialsDocument(content: string): unknown {
  if (content.trim() === '') return {}
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

function secretError(path: string): GpregError {
  return new GpregError('input-invalid', `${path} is a Kubernetes Secret, not a docker config.json`, {
    path,
    hint: `this is a Kubernetes Secret; take .dockerconfigjson out of it: kubectl get secret NAME -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d`,
  })
}

function otherShape(path: string): GpregError {
  return new GpregError('input-invalid', `${path} is not a docker config.json or podman auth.json`, {
    path,
    hint: 'it is JSON with "auths", "credHelpers" or "credsStore"',
  })
}

/**
 * Decodes a login. `auth` comes before `username` and `password`, as for docker, which pads short passwords with NULs. An entry
 * without user and token is a mark that a helper keeps the login.
 */
function decode({
  auth,
  username,
  password,
  identitytoken,
  registrytoken,
}: z.output<typeof entry>): Credential | undefined {
  const [, user, secret] =
    /^([^:]+):([^]*?)\0*$/.exec(Buffer.from(auth ?? '', 'base64').toString('utf8')) ?? []
  const name = user ?? username ?? ''
  if (name === '' && !identitytoken && !registrytoken) return undefined
  return {
    username: name,
    password: user === undefined ? (password ?? '') : (secret ?? ''),
    ...(identitytoken ? { identityToken: identitytoken } : {}),
    ...(registrytoken ? { registryToken: registrytoken } : {}),
  }
}
