import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { GpregError } from '@gpreg/oci'
import { pack, type Header, type Pack } from 'tar-stream'

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

const FOLDERS = ['bin', 'dist']

/** Files without use at run time. */
const LEFT_OUT = /\.(?:map|d\.[cm]?ts|[cm]?ts|tsbuildinfo)$|\.test\.js$/

/** e.g. `gpreg-0.1.0-linux-x64.tar.gz` */
export function toolArchiveName(version: string): string {
  return `gpreg-${version}-${process.platform}-${process.arch}.tar.gz`
}

/**
 * Packs this command and the Node that runs it, for a machine of the same platform that has neither.
 * @throws `storage`
 */
export async function writeToolArchive(path: string, options: ToolArchiveOptions): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`
  try {
    const archive = pack()
    // An error while the archive is filled ends the pipeline too, and the pipeline reports it.
    fill(archive, options).then(
      () => archive.finalize(),
      error => archive.destroy(error),
    )
    await pipeline(archive, createGzip({ level: 1 }), createWriteStream(draft))
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new GpregError('storage', `cannot write ${path}`, {
      path,
      cause,
      hint: 'make room, or leave out --include-tool',
    })
  }
}

async function fill(archive: Pack, options: ToolArchiveOptions): Promise<void> {
  const { root, modified: mtime, node = process.execPath, platform = process.platform } = options
  const isWindows = platform === 'win32'
  const launcher = isWindows ? 'gpreg.cmd' : 'gpreg'
  const script = (isWindows ? windowsLauncher : posixLauncher)(await nodeFlags(root))
  archive.entry({ name: `gpreg/${launcher}`, mode: 0o755, mtime }, script)
  await addFile(archive, { name: isWindows ? 'gpreg/node.exe' : 'gpreg/node', mode: 0o755, mtime }, node)
  for (const name of FOLDERS) await addFolder(archive, join(root, name), `gpreg/${name}`, mtime)
  await addFile(archive, { name: 'gpreg/package.json', mode: 0o644, mtime }, join(root, 'package.json'))
}

/** The Node flags in the first line of `bin/run.js`, with a leading space. */
async function nodeFlags(root: string): Promise<string> {
  const [first = ''] = (await readFile(join(root, 'bin/run.js'), 'utf8')).split('\n', 1)
  return /^#!.*\bnode\b(.*)$/.exec(first)?.[1] ?? ''
}

/** A script that starts the command with the Node in the archive. */
const posixLauncher = (flags: string) => `#!/bin/sh
# gpreg with its own Node: nothing needs to be installed.
self=$(readlink -f "$0") || exit 2
here=$(dirname "$self")
exec "$here/node"${flags} "$here/bin/run.js" "$@"
`

/** The same for Windows. */
const windowsLauncher = (flags: string) => `@echo off\r\n"%~dp0node.exe"${flags} "%~dp0bin\\run.js" %*\r\n`

async function addFolder(archive: Pack, source: string, target: string, mtime: Date): Promise<void> {
  const entries = await readdir(source, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (LEFT_OUT.test(entry.name)) continue
    const [from, name] = [join(source, entry.name), `${target}/${entry.name}`]
    if (entry.isDirectory()) await addFolder(archive, from, name, mtime)
    else if (entry.isFile())
      await addFile(archive, { name, mode: (await stat(from)).mode & 0o777, mtime }, from)
  }
}

async function addFile(
  archive: Pack,
  header: Pick<Header, 'name' | 'mode' | 'mtime'>,
  path: string,
): Promise<void> {
  const { size } = await stat(path)
  await pipeline(createReadStream(path), archive.entry({ ...header, size }))
}
