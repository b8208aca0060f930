import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { GpregError } from '../../errors.ts'
import { SECRET_MODE, writeOutputFile } from '../../output-file.ts'
import { eraseWithHelper, storeWithHelper } from './credential-helper.ts'
import {
  hostKeys,
  normaliseKey,
  parseAuthFile,
  serverName,
  type Credential,
  type Environment,
} from './credentials.ts'

/** Where a credential is kept. */
export type CredentialPlace =
  { readonly kind: 'helper'; readonly name: string } | { readonly kind: 'file'; readonly path: string }

interface StoreFile {
  readonly path: string
  /** as it stands in the file: keys of others, and the order of all, stay */
  readonly document: Record<string, unknown>
  readonly indent: string | number
}

/**
 * Keeps the credentials of hosts where docker and podman look for them: with the helper that the file names for the host, else
 * in the file.
 */
export class CredentialStore {
  readonly #path: string

  /** @param authFile default: `REGISTRY_AUTH_FILE`, then docker's `config.json` */
  constructor(authFile: string | undefined, env: Environment) {
    const docker = env['DOCKER_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.docker')
    this.#path = authFile ?? env['REGISTRY_AUTH_FILE'] ?? join(docker, 'config.json')
  }

  /** @throws `input-invalid` where the file is no credentials file, `storage`, and what a helper may throw */
  async store(host: string, credential: Credential): Promise<CredentialPlace> {
    const file = await this.#read()
    const helper = helperOf(file, host)
    if (helper !== undefined) {
      await storeWithHelper(helper, serverName(host), credential)
      return { kind: 'helper', name: helper }
    }
    const { username, password } = credential
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    await this.#write(file, { ...withoutHost(authsOf(file), host), [serverName(host)]: { auth } })
    return { kind: 'file', path: this.#path }
  }

  /** Forgets a host under all of its names. Undefined where there was nothing to forget. */
  async erase(host: string): Promise<CredentialPlace | undefined> {
    const file = await this.#read()
    const helper = helperOf(file, host)
    const erased = helper !== undefined && (await eraseWithHelper(helper, serverName(host)))
    const before = authsOf(file)
    const after = withoutHost(before, host)
    const inFile = Object.keys(after).length < Object.keys(before).length
    if (inFile) await this.#write(file, after)
    if (erased) return { kind: 'helper', name: helper }
    return inFile ? { kind: 'file', path: this.#path } : undefined
  }

  async #read(): Promise<StoreFile> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (cause) {
      // docker indents by a tab
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
        return { path: this.#path, document: {}, indent: '\t' }
      throw new GpregError('input-unreadable', `cannot read ${this.#path}`, {
        path: this.#path,
        cause,
        hint: 'name another file with --authfile',
      })
    }
    parseAuthFile(text, this.#path)
    const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '\t'
    return { path: this.#path, document: JSON.parse(text) as Record<string, unknown>, indent }
  }

  async #write({ path, document, indent }: StoreFile, auths: Record<string, unknown>): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => {
      // Writing says why in a moment.
    })
    await writeOutputFile(path, `${JSON.stringify({ ...document, auths }, undefined, indent)}\n`, SECRET_MODE)
  }
}

function helperOf({ document }: StoreFile, host: string): string | undefined {
  const { credHelpers, credsStore } = parseAuthFile(JSON.stringify(document))
  const own = hostKeys(host).map(key => credHelpers?.[key])
  return own.find(name => name !== undefined) ?? (credsStore || undefined)
}

function authsOf({ document }: StoreFile): Record<string, unknown> {
  return (document['auths'] ?? {}) as Record<string, unknown>
}

/** A new login takes the place of an old one under any name. */
function withoutHost(auths: Record<string, unknown>, host: string): Record<string, unknown> {
  const names = new Set(hostKeys(host))
  return Object.fromEntries(Object.entries(auths).filter(([key]) => !names.has(normaliseKey(key))))
}
