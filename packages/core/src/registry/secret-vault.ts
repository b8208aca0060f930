import { lstat, readFile } from 'node:fs/promises'
import { GpregError } from '@gpreg/oci'
import { removeDrafts, SECRET_MODE, writeOutputFile } from '@gpreg/oci/engine'
import {
  formatProvisionedSecrets,
  parseProvisionedSecrets,
  type ProvisionedSecrets,
} from '../documents/provisioned.ts'

/** New values of some fields. A field that is `undefined` is removed. */
export type SecretChange = { readonly [K in keyof ProvisionedSecrets]?: ProvisionedSecrets[K] | undefined }

/** Stores the secrets that a provider creates, and the journal of the provider's steps. */
export interface SecretVault {
  read(): Promise<ProvisionedSecrets>
  /** Replaces the given fields and keeps the others. In a file, the fields survive a crash once the promise resolves. */
  update(change: SecretChange): Promise<void>
}

/** Keeps secrets in memory. A program that uses a provider as a library can read the secrets from this vault. */
export function memoryVault(secrets: ProvisionedSecrets = {}): SecretVault {
  let kept = secrets
  return {
    read: async () => kept,
    update: async change => void (kept = changed(kept, change)),
  }
}

/** Keeps secrets in a file of mode 0600, written whole or not at all; what a killed run left beside it is removed. A file that others can read, or a link, is refused. */
export function fileVault(path: string): SecretVault {
  const read = async () => {
    if (!(await isThere(path))) return {}
    return parseProvisionedSecrets(await readFile(path, 'utf8'), path)
  }
  return {
    read,
    async update(change) {
      await removeDrafts(path)
      await writeOutputFile(path, formatProvisionedSecrets(changed(await read(), change)), SECRET_MODE)
    },
  }
}

function changed(secrets: ProvisionedSecrets, change: SecretChange): ProvisionedSecrets {
  const entries = Object.entries({ ...secrets, ...change })
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** @throws `input-invalid` */
async function isThere(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined)
  if (stat === undefined) return false
  if (stat.isFile() && (stat.mode & 0o077) === 0) return true
  const what = stat.isFile() ? 'can be read by others' : 'is no plain file'
  throw new GpregError('input-invalid', `${path} ${what}, and is to hold secrets`, {
    path,
    hint: stat.isFile() ? `chmod 600 ${path}` : 'name a new file',
  })
}
