import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeDirectory } from '../../machine/directory.ts'
import { GpregError } from '../../errors.ts'
import { fileFault } from '../../machine/file-fault.ts'
import { SECRET_MODE, writeOutputFile } from '../../machine/output-file.ts'
import { decodeText } from '../../text.ts'
import { eraseWithHelper, storeWithHelper } from './credential-helper.ts'
import type { Credential } from './credential.ts'
import type { Environment } from './credentials.ts'
import { credentialsDocument } from './docker-config-file.ts'
import { helperOf, normaliseKey, parseDockerConfig, serverName, type DockerConfig } from './docker-config.ts'
import { homeDirectory } from '../../machine/home-directory.ts'

/** The helper or the file that keeps a credential. */
export type CredentialPlace =
  { readonly kind: 'helper'; readonly name: string } | { readonly kind: 'file'; readonly path: string }

interface StoreFile {
  readonly path: string
  readonly config: DockerConfig
  /** The content as it stands in the file: foreign keys and the order of all keys stay. */
  readonly document: Record<string, unknown>
  readonly indent: string | number
}

/**
 * Keeps credentials in docker's `config.json` or with the helper that it names for the host, because docker and podman look there.
 */
export class CredentialStore {
  readonly #path: string

  /** @param authFile default: `REGISTRY_AUTH_FILE`, then docker's `config.json` */
  constructor(authFile?: string, env: Environment = process.env) {
    const docker = env['DOCKER_CONFIG'] || join(homeDirectory(env), '.docker')
    this.#path = authFile ?? (env['REGISTRY_AUTH_FILE'] || join(docker, 'config.json'))
  }

  /** @throws `input-invalid` if the file is no credentials file, `storage`, and the errors of {@link storeWithHelper} */
  async store(host: string, credential: Credential): Promise<CredentialPlace> {
    const file = await this.#read()
    const helper = helperOf(file.config, host)
    if (helper !== undefined) {
      await storeWithHelper(helper, serverName(host), credential)
      return { kind: 'helper', name: helper }
    }
    const { username, password } = credential
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    await this.#write(file, { ...withoutHost(authsOf(file), host), [serverName(host)]: { auth } })
    return { kind: 'file', path: this.#path }
  }

  /** Removes the logins of a host in every spelling. Undefined if there was none. */
  async erase(host: string): Promise<CredentialPlace | undefined> {
    const file = await this.#read()
    const helper = helperOf(file.config, host)
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
      text = decodeText(await readFile(this.#path))
    } catch (cause) {
      // docker indents by a tab.
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
        return { path: this.#path, config: parseDockerConfig('{}'), document: {}, indent: '\t' }
      throw new GpregError('input-unreadable', `cannot read ${this.#path}: ${fileFault(cause)}`, {
        path: this.#path,
        cause,
        hint: 'name another file with --authfile',
      })
    }
    const config = parseDockerConfig(text, this.#path)
    const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '\t'
    const document = credentialsDocument(text) as Record<string, unknown>
    // docker moves the logins of the old format to `auths`, too.
    return { path: this.#path, config, document: config.isOldFormat ? { auths: document } : document, indent }
  }

  async #write({ path, document, indent }: StoreFile, auths: Record<string, unknown>): Promise<void> {
    await makeDirectory(dirname(path), 0o700).catch(() => {
      // The write below fails with the reason.
    })
    await writeOutputFile(path, `${JSON.stringify({ ...document, auths }, undefined, indent)}\n`, SECRET_MODE)
  }
}

function authsOf({ document }: StoreFile): Record<string, unknown> {
  return (document['auths'] ?? {}) as Record<string, unknown>
}

/** Leaves out the logins of a host in every spelling, because a new login replaces them all. */
function withoutHost(auths: Record<string, unknown>, host: string): Record<string, unknown> {
  const name = normaliseKey(host)
  return Object.fromEntries(Object.entries(auths).filter(([key]) => normaliseKey(key) !== name))
}
