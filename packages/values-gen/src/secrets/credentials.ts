import type { AccessKey, StorageAccount } from '@gpreg/core'
import { GpregError, Sensitive, type Credential, type Login } from '@gpreg/oci'
import { findLogin, findOnlyLoginBelow, parseDockerConfig, type DockerConfig } from '@gpreg/oci/engine'
import { z } from 'zod'
import { parseSecrets, unwrapped } from './kubernetes-secret.ts'

const text = z.string().min(1)
/** A user name has no colon, because a docker config joins name and password with a colon. */
const username = text.regex(/^[^:]+$/)

const loginFile = z.object({ username, password: text })
const accessKeyFile = z.object({ accessKeyId: text, secretAccessKey: text })

/**
 * Reads the login for an address (`host[:port][/path]`) from a docker `config.json`, from `{"username","password"}`, or from the
 * Kubernetes Secret that holds one of them. In a docker `config.json` the most specific entry wins, as when images are copied. If no entry covers the address and only one entry is
 * below it, that entry is used.
 * @throws `input-invalid`; no error of this module contains anything of the file, because the file holds secrets
 */
export function parseLogin(file: string, address: string, path: string): Login {
  const content = asJson(unwrapped(file, '.dockerconfigjson', '.dockercfg'), 'username', 'password')
  if (content === file && parseSecrets(file) !== undefined)
    throw invalid(
      path,
      'a login',
      'give a Secret with .dockerconfigjson, .dockercfg, or username and password',
    )
  // A file that is no JSON is refused by the reader of docker configs, which knows what else people give.
  const document = tryJson(content)
  const direct = loginFile.safeParse(document)
  if (!direct.success && typeof document === 'object' && document !== null && 'password' in document)
    throw invalid(
      path,
      'a login',
      'give {"username": …, "password": …}, neither empty, the username without a colon',
    )
  const login = direct.success ? direct.data : loginIn(parseDockerConfig(content, path), address, path)
  return { username: login.username, password: new Sensitive(login.password) }
}

/**
 * Reads `{"accessKeyId","secretAccessKey"}`, or a Kubernetes Secret with these keys or with those of the in-cluster registry.
 * @throws `input-invalid`
 */
export function parseAccessKey(content: string, path: string): AccessKey {
  const registry = asJson(content, 's3AccessKey', 's3SecretKey')
  const document =
    registry === content ? tryJson(asJson(content, 'accessKeyId', 'secretAccessKey')) : renamed(registry)
  if (document === undefined)
    throw invalid(path, 'JSON', 'see `gpreg values --help` for the files that hold credentials')
  const found = accessKeyFile.safeParse(document)
  if (!found.success)
    throw invalid(path, 'an access key', 'it is JSON: {"accessKeyId": …, "secretAccessKey": …}')
  const { accessKeyId, secretAccessKey } = found.data
  return { accessKeyId, secretAccessKey: new Sensitive(secretAccessKey) }
}

/**
 * Reads a file that holds the key of a storage account and nothing else, or a Kubernetes Secret with `accountKey`.
 * @throws `input-invalid`
 */
export function parseStorageAccount(accountName: string, content: string, path: string): StorageAccount {
  const key = unwrapped(content, 'accountKey').trim()
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return { accountName, accountKey: new Sensitive(key) }
  throw invalid(
    path,
    'the key of a storage account',
    'give the key alone, no connection string: az storage account keys list --query "[0].value" -o tsv',
  )
}

function loginIn(config: DockerConfig, address: string, path: string): z.output<typeof loginFile> {
  const [host = '', ...segments] = address.split('/')
  const found = findLogin(config, host, segments.join('/'))
  const credential: Credential | undefined =
    found === undefined
      ? findOnlyLoginBelow(config, address)
      : found.kind === 'credential'
        ? found.credential
        : undefined
  const login = loginFile.safeParse(credential)
  if (login.success) return login.data
  const elsewhere = found !== undefined || credential !== undefined
  throw new GpregError('input-invalid', `${path} holds no login for ${address}`, {
    path,
    host,
    hint: elsewhere
      ? 'it is kept by a helper, or is a token that a Secret cannot hold: give {"username": …, "password": …} instead'
      : `log in with docker login ${host}, or give {"username": …, "password": …}`,
  })
}

/** Two values of a Kubernetes Secret as a JSON object; the content itself if it is no Secret that has both. */
function asJson(content: string, one: string, other: string): string {
  const found = parseSecrets(content)?.find(({ values }) => values.has(one) && values.has(other))
  return found === undefined
    ? content
    : JSON.stringify({ [one]: found.values.get(one), [other]: found.values.get(other) })
}

function renamed(registry: string): unknown {
  const { s3AccessKey, s3SecretKey } = JSON.parse(registry) as Record<string, string>
  return { accessKeyId: s3AccessKey, secretAccessKey: s3SecretKey }
}

/** Hides the error of JSON.parse, because it quotes the text. */
function tryJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

function invalid(path: string, what: string, hint: string): GpregError {
  return new GpregError('input-invalid', `${path} is not ${what}`, { path, hint })
}
