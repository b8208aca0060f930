import { dirname, resolve } from 'node:path'
import {
  parseProvisioned,
  parseProvisionedSecrets,
  parseServiceAccountKey,
  readInput,
  readInputBytes,
  serviceAccountLogin,
  type AccessKey,
  type ServiceAccountKey,
  type StorageAccount,
} from '@gpreg/core'
import { type Login, GpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'
import {
  parseAccessKey,
  parseLogin,
  parseStorageAccount,
  parseTerraformOutputs,
  unwrapped,
  type CommonChoice,
  type PartialChoice,
  type SecretValues,
} from '@gpreg/values-gen'
import { defined } from '../flags/defined.ts'
import type { ValuesFlags } from '../flags/values.ts'

/** A choice and its secrets, from the flags of one kind of installation or from a file. */
export interface Given {
  readonly choice: PartialChoice
  readonly values: SecretValues
  /** Notes for the user about the file. */
  readonly notes?: readonly string[]
}

/** Reads the files that flags name; `-` is standard input. */
export class ValuesInputs {
  readonly #bytes: () => Promise<Uint8Array>
  readonly #stdin: () => Promise<string>

  constructor(stdin: () => Promise<Uint8Array>) {
    this.#bytes = stdin
    this.#stdin = async () => decodeText(await stdin())
  }

  /** A file as it is written, because what is made of it is encoded in the same way. */
  bytes(path: string): Promise<Uint8Array> {
    return readInputBytes(path, this.#bytes)
  }

  /** Joins files and flags; flags win. */
  async complete(flags: ValuesFlags, common: CommonChoice, own: Given): Promise<Given> {
    const found = (await this.#terraform(flags['from-terraform'])) ?? (await this.#provisioned(flags.from))
    if (found !== undefined && found.choice.kind !== own.choice.kind)
      throw otherKind(found.choice.kind, own.choice.kind)
    const choice = { ...found?.choice, ...common, ...own.choice } as PartialChoice
    const mirror = await this.login(flags['mirror-credentials'], flags.mirror ?? registryOf(choice))
    const ca = flags['ca-file'] === undefined ? undefined : await this.#unwrapped(flags['ca-file'], 'ca.crt')
    const values = { ...found?.values, ...own.values, ...defined({ mirror, ca }) }
    return { choice, values, notes: found?.notes ?? [] }
  }

  text(path: string): Promise<string> {
    return readInput(path, this.#stdin)
  }

  /** A file, or the value of a key in it if it is a Kubernetes Secret. */
  async #unwrapped(path: string, key: string): Promise<string> {
    return unwrapped(await this.text(path), key)
  }

  async login(path: string | undefined, address = ''): Promise<Login | undefined> {
    return path === undefined ? undefined : parseLogin(await this.text(path), address, path)
  }

  async accessKey(path: string | undefined): Promise<AccessKey | undefined> {
    return path === undefined ? undefined : parseAccessKey(await this.text(path), path)
  }

  /** Reads one service account key for both registry and storage. */
  async google(path: string | undefined): Promise<SecretValues> {
    const key = await this.serviceAccountKey(path)
    return key === undefined ? {} : { registry: serviceAccountLogin(key), storage: key }
  }

  async serviceAccountKey(path: string | undefined): Promise<ServiceAccountKey | undefined> {
    return path === undefined
      ? undefined
      : parseServiceAccountKey(await this.#unwrapped(path, 'service-account.json'), path)
  }

  async storageAccount(
    name: string | undefined,
    keyPath: string | undefined,
  ): Promise<StorageAccount | undefined> {
    if (name === undefined || keyPath === undefined) return undefined
    return parseStorageAccount(name, await this.text(keyPath), keyPath)
  }

  async #terraform(path: string | undefined): Promise<Given | undefined> {
    if (path === undefined) return undefined
    const { choice, values, files, notes } = parseTerraformOutputs(await this.text(path), path)
    // Terraform's paths are relative to the directory it ran in, and its output is usually saved there.
    const registry = await this.serviceAccountKey(files.registry && beside(path, files.registry))
    const storage = await this.serviceAccountKey(files.storage && beside(path, files.storage))
    const keys = defined({ registry: registry && serviceAccountLogin(registry), storage })
    return { choice, values: { ...values, ...keys }, notes }
  }

  async #provisioned(path: string | undefined): Promise<Given | undefined> {
    if (path === undefined) return undefined
    const { choice, secretsFile } = parseProvisioned(await this.text(path), path)
    if (secretsFile === undefined) return { choice, values: {} }
    const file = beside(path, secretsFile)
    const { journal: _, ...values } = parseProvisionedSecrets(await this.text(file), file)
    return { choice, values }
  }
}

function otherKind(found: string, asked: string): GpregError {
  return new GpregError('usage', `the file describes ${found}, not ${asked}`, {
    hint: `run gpreg values ${found} with it`,
  })
}

/** Resolves a path against the directory of the file that names it. */
function beside(path: string, named: string): string {
  return path === '-' ? named : resolve(dirname(path), named)
}

function registryOf(choice: PartialChoice): string | undefined {
  return 'registry' in choice ? choice.registry : undefined
}
