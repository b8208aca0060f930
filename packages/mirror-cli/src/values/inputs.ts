import { dirname, resolve } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import {
  parseProvisioned,
  parseProvisionedSecrets,
  parseServiceAccountKey,
  readInput,
  serviceAccountLogin,
  type AccessKey,
  type ServiceAccountKey,
  type StorageAccount,
} from '@gpreg/core'
import { type Login, GpregError } from '@gpreg/oci'
import {
  parseAccessKey,
  parseLogin,
  parseStorageAccount,
  parseTerraformOutputs,
  type CommonChoice,
  type PartialChoice,
  type SecretValues,
} from '@gpreg/values-gen'
import { defined } from '../flags/defined.ts'
import type { ValuesFlags } from '../flags/values.ts'

/** What the flags of a kind say, or a file. */
export interface Given {
  readonly choice: PartialChoice
  readonly values: SecretValues
  /** What the user should know of it. */
  readonly notes?: readonly string[]
}

/** Reads the files that flags name; `-` is standard input, once. */
export class ValuesInputs {
  #stdinTaken = false

  /** Puts together what files and flags say; flags come first. */
  async complete(flags: ValuesFlags, common: CommonChoice, own: Given): Promise<Given> {
    const found = (await this.#terraform(flags['from-terraform'])) ?? (await this.#provisioned(flags.from))
    if (found !== undefined && found.choice.kind !== own.choice.kind)
      throw otherKind(found.choice.kind, own.choice.kind)
    const choice = { ...found?.choice, ...common, ...own.choice } as PartialChoice
    const mirror = await this.login(flags['mirror-credentials'], flags.mirror ?? registryOf(choice))
    const ca = flags['ca-file'] === undefined ? undefined : await this.text(flags['ca-file'])
    const values = { ...found?.values, ...own.values, ...defined({ mirror, ca }) }
    return { choice, values, notes: found?.notes ?? [] }
  }

  text(path: string): Promise<string> {
    return readInput(path, () => this.#stdin())
  }

  async login(path: string | undefined, address = ''): Promise<Login | undefined> {
    return path === undefined ? undefined : parseLogin(await this.text(path), address, path)
  }

  async accessKey(path: string | undefined): Promise<AccessKey | undefined> {
    return path === undefined ? undefined : parseAccessKey(await this.text(path), path)
  }

  /** One key for both, registry and storage. */
  async google(path: string | undefined): Promise<SecretValues> {
    const key = await this.serviceAccountKey(path)
    return key === undefined ? {} : { registry: serviceAccountLogin(key), storage: key }
  }

  async serviceAccountKey(path: string | undefined): Promise<ServiceAccountKey | undefined> {
    return path === undefined ? undefined : parseServiceAccountKey(await this.text(path), path)
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
    // Terraform names files as seen from where it ran, which is where its output was saved more often than not.
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

  #stdin(): Promise<string> {
    if (this.#stdinTaken) {
      throw new GpregError('usage', 'standard input (-) was named twice', {
        hint: 'put one of the two into a file',
      })
    }
    this.#stdinTaken = true
    return textOf(process.stdin)
  }
}

function otherKind(found: string, asked: string): GpregError {
  return new GpregError('usage', `the file describes ${found}, not ${asked}`, {
    hint: `run gpreg values ${found} with it`,
  })
}

/** A path that a file names, seen from that file. */
function beside(path: string, named: string): string {
  return path === '-' ? named : resolve(dirname(path), named)
}

function registryOf(choice: PartialChoice): string | undefined {
  return 'registry' in choice ? choice.registry : undefined
}
