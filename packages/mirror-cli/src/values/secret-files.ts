import { join } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { fileFault, makeDirectory, SECRET_MODE, writeOutputFile } from '@gpreg/oci/engine'
import type { SecretManifest } from '@gpreg/values-gen'

/** A Secret with its role, and the file that it was written to. */
export interface SecretFile {
  readonly name: string
  readonly role: string
  readonly file: string
}

/** Writes Kubernetes Secrets so that only their owner can read them. */
export async function writeSecrets(
  directory: string,
  manifests: readonly SecretManifest[],
): Promise<SecretFile[]> {
  try {
    await makeDirectory(directory, 0o700)
  } catch (cause) {
    throw new GpregError('storage', `cannot make the directory ${directory}: ${fileFault(cause)}`, {
      path: directory,
      cause,
      hint: 'name a directory that can be written to with --secrets',
    })
  }
  const files: SecretFile[] = []
  for (const { name, role, fileName, yaml } of manifests) {
    const file = join(directory, fileName)
    await writeOutputFile(file, yaml.reveal(), SECRET_MODE)
    files.push({ name, role, file })
  }
  return files
}
