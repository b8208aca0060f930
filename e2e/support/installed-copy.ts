import { chmod, copyFile, cp, mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { TemporaryDirectory } from './temporary-directory.ts'

const PACKAGE = fileURLToPath(new URL('../../packages/mirror-cli/', import.meta.url))

/** Copies the built command and its Node to where every user may read them. @returns the command line that runs it */
export async function installedCopy(directory: TemporaryDirectory): Promise<readonly string[]> {
  await chmod(directory.path, 0o755)
  await mkdir(directory.join('gpreg'))
  for (const name of ['bin', 'dist', 'oclif.manifest.json', 'package.json'])
    await cp(`${PACKAGE}${name}`, directory.join('gpreg', name), { recursive: true })
  await copyFile(process.execPath, directory.join('node'))
  return [directory.join('node'), '--max-semi-space-size=2', directory.join('gpreg/bin/run.js')]
}
