import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { GpregError } from '@gpreg/oci'
import { fileFault, replaceFile } from '@gpreg/oci/engine'
import { GZIP, hashing, packFiles, type PackedFile } from './pack-files.ts'
import { nodeFlags, programFiles } from './program-files.ts'

export interface ToolArchiveOptions {
  /** the folder of the command's own package */
  readonly root: string
  /** the date of every file: the same input gives the same bytes */
  readonly modified: Date
  /** default: the Node that runs this */
  readonly node?: string
  /** the platform of `node`; default: this one */
  readonly platform?: NodeJS.Platform
}

/** e.g. `gpreg-0.1.0-linux-x64.tar.gz` */
export function toolArchiveName(version: string): string {
  return `gpreg-${version}-${process.platform}-${process.arch}.tar.gz`
}

/**
 * Packs this command and the Node that runs it, for a machine of the same platform that has neither.
 * @returns the bytes of the archive and their hash (hex)
 * @throws `storage`
 */
export async function writeToolArchive(
  path: string,
  options: ToolArchiveOptions,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  try {
    const files = await archiveFiles(options)
    await replaceFile(path, draft =>
      pipeline(packFiles(files, options.modified), createGzip(GZIP), hashing(hash), createWriteStream(draft)),
    )
    const { size } = await stat(path)
    return { size, sha256: hash.digest('hex') }
  } catch (cause) {
    throw new GpregError('storage', `cannot write ${path}: ${fileFault(cause)}`, {
      path,
      cause,
      hint: 'make room, or leave out --include-tool',
    })
  }
}

async function archiveFiles(options: ToolArchiveOptions): Promise<PackedFile[]> {
  const { root, node = process.execPath, platform = process.platform } = options
  const isWindows = platform === 'win32'
  const text = (isWindows ? windowsLauncher : posixLauncher)((await nodeFlags(root)).join(' '))
  const files: PackedFile[] = [
    { name: isWindows ? 'gpreg.cmd' : 'gpreg', mode: 0o755, text },
    { name: isWindows ? 'node.exe' : 'node', mode: 0o755, path: node },
    ...(await programFiles(root)),
  ]
  return files.map(file => ({ ...file, name: `gpreg/${file.name}` }))
}

/** A script that starts the command with the Node in the archive. */
const posixLauncher = (flags: string) => `#!/bin/sh
# gpreg with its own Node: nothing needs to be installed.
self=$(readlink -f "$0") || exit 2
here=$(dirname "$self")
exec "$here/node" ${flags} "$here/bin/run.js" "$@"
`

/** The same for Windows. */
const windowsLauncher = (flags: string) => `@echo off\r\n"%~dp0node.exe" ${flags} "%~dp0bin\\run.js" %*\r\n`
