import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PackedFile } from './pack-files.ts'

const FOLDERS = ['bin', 'dist']

/** What a start knows the commands from. */
const DOCUMENTS = ['oclif.manifest.json', 'package.json']

/** Files without use at run time. */
const LEFT_OUT = /\.(?:map|d\.[cm]?ts|[cm]?ts|tsbuildinfo)$|\.test\.js$/

/**
 * The files of this command without Node, with paths relative to the folder of its package; the same for the archive and the image.
 * @param root the folder of the command's own package
 */
export async function programFiles(root: string): Promise<PackedFile[]> {
  const folders = await Promise.all(FOLDERS.map(name => filesBelow(join(root, name), name)))
  return [...folders.flat(), ...DOCUMENTS.map(name => ({ name, mode: 0o644, path: join(root, name) }))]
}

/** The flags that the first line of `bin/run.js` gives to Node. */
export async function nodeFlags(root: string): Promise<string[]> {
  const [first = ''] = (await readFile(join(root, 'bin/run.js'), 'utf8')).split('\n', 1)
  const flags = /^#!.*\bnode\b(.*)$/.exec(first)?.[1] ?? ''
  return flags.split(' ').filter(flag => flag !== '')
}

async function filesBelow(source: string, target: string): Promise<PackedFile[]> {
  const entries = await readdir(source, { withFileTypes: true })
  const found: PackedFile[] = []
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (LEFT_OUT.test(entry.name)) continue
    const [path, name] = [join(source, entry.name), `${target}/${entry.name}`]
    if (entry.isDirectory()) found.push(...(await filesBelow(path, name)))
    else if (entry.isFile()) found.push({ name, mode: modeOf(await stat(path)), path })
  }
  return found
}

/** One of two modes, whatever the umask was: everybody may read the files, since they run as another user. */
function modeOf({ mode }: Stats): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755
}
