import { lstat, readFile } from 'node:fs/promises'
import { GpregError } from '@gpreg/oci'
import { SECRET_MODE, writeOutputFile } from '@gpreg/oci/engine'
import {
  formatProvisionedSecrets,
  parseProvisionedSecrets,
  type ProvisionedSecrets,
} from '../documents/provisioned.ts'

/** Removes fields that are `undefined`. */
export type SecretChange = { readonly [K in keyof ProvisionedSecrets]?: ProvisionedSecrets[K] | undefined }

/** Where a provider keeps the secrets that it makes, and what it must not forget meanwhile. */
export interface SecretVault {
  read(): Promise<ProvisionedSecrets>
  /** Replaces the given entries and keeps the others. The entries survive a crash once the promise resolves. */
  update(change: SecretChange): Promise<void>
}

/** Keeps secrets for as long as the process lives: whoever uses a provider as a library takes them from here. */
export function memoryVault(secrets: ProvisionedSecrets = {}): SecretVault {
  let kept = secrets
  return {
    read: async () => kept,
    update: async change => void (kept = changed(kept, change)),
  }
}

/** A file of mode 0600, written whole or not at all. One that others can read, or a symbolic link, is refused. */
export function fileVault(path: string): SecretVault {
  const read = async () => {
    if (!(await isThere(path))) return {}
    return parseProvisionedSecrets(await readFile(path, 'utf8'), path)
  }
  return {
    read,
    async update(change) {
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
