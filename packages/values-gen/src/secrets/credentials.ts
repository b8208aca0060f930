import type { AccessKey, StorageAccount } from '@gpreg/core'
import { type Login, DOCKER_HUB, GpregError, parseAuthFile, Sensitive } from '@gpreg/oci'
import { z } from 'zod'

const text = z.string().min(1)
/** A docker config joins name and password with a colon. */
const username = text.regex(/^[^:]+$/)

const loginFile = z.object({ username, password: text })
const accessKeyFile = z.object({ accessKeyId: text, secretAccessKey: text })

/**
 * Reads the login for a host out of a docker `config.json`, or out of `{"username","password"}`.
 * @throws `input-invalid`; like all errors here, with nothing of the file in it
 */
export function parseLogin(content: string, host: string, path: string): Login {
  const direct = loginFile.safeParse(parseJson(content, path))
  const login = direct.success ? direct.data : findLogin(parseAuthFile(content, path), host, path)
  return { username: login.username, password: new Sensitive(login.password) }
}

/**
 * Reads `{"accessKeyId","secretAccessKey"}`.
 * @throws `input-invalid`
 */
export function parseAccessKey(content: string, path: string): AccessKey {
  const found = accessKeyFile.safeParse(parseJson(content, path))
  if (!found.success)
    throw invalid(path, 'an access key', 'it is JSON: {"accessKeyId": …, "secretAccessKey": …}')
  const { accessKeyId, secretAccessKey } = found.data
  return { accessKeyId, secretAccessKey: new Sensitive(secretAccessKey) }
}

/**
 * Reads a file that holds the key of a storage account and nothing else.
 * @throws `input-invalid`
 */
export function parseStorageAccount(accountName: string, content: string, path: string): StorageAccount {
  const key = content.trim()
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return { accountName, accountKey: new Sensitive(key) }
  throw invalid(
    path,
    'the key of a storage account',
    'give the key alone, no connection string: az storage account keys list --query "[0].value" -o tsv',
  )
}

type AuthFile = ReturnType<typeof parseAuthFile>

function findLogin(file: AuthFile, host: string, path: string): { username: string; password: string } {
  const entries = Object.entries(file.auths ?? {}).filter(([key]) => hostOf(key) === hostOf(host))
  const bare = entries.find(([key]) => !withoutScheme(key).includes('/'))
  const [, entry] = bare ?? (entries.length === 1 ? entries[0]! : [])
  const decoded = Buffer.from(entry?.auth ?? '', 'base64')
    .toString('utf8')
    .split(':')
  const login = loginFile.safeParse({ username: decoded[0], password: decoded.slice(1).join(':'), ...entry })
  if (login.success) return login.data
  const elsewhere = file.credsStore !== undefined || file.credHelpers !== undefined || entry !== undefined
  throw new GpregError('input-invalid', `${path} holds no login for ${host}`, {
    path,
    host,
    hint: elsewhere
      ? 'it is kept by a helper, or is a token that a Secret cannot hold: give {"username": …, "password": …} instead'
      : `log in with docker login ${host}, or give {"username": …, "password": …}`,
  })
}

/** docker writes `https://index.docker.io/v1/` for Docker Hub, podman may add the path of a repository. */
function hostOf(key: string): string {
  const host = withoutScheme(key).split('/', 1)[0]!
  return /^(?:index|registry-1)\.docker\.io$/.test(host) ? DOCKER_HUB : host
}

function withoutScheme(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')
}

/** What JSON.parse says of an error quotes the text. */
function parseJson(content: string, path: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    throw invalid(path, 'JSON', 'see `gpreg values --help` for the files that hold credentials')
  }
}

function invalid(path: string, what: string, hint: string): GpregError {
  return new GpregError('input-invalid', `${path} is not ${what}`, { path, hint })
}
