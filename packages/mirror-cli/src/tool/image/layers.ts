import { dirname } from 'node:path'
import { readSystemStore } from '@gpreg/oci/engine'
import type { PackedFile } from '../pack-files.ts'
import { programFiles } from '../program-files.ts'
import type { NodeBinary } from './node-binaries.ts'

/** The user that the image runs as; also its group. */
export const USER = 65532

/** The home of the user: gpreg looks for `.docker/config.json` there. */
export const HOME = '/home/gpreg'

/** The folder of Node and of the program in the image. */
export const FOLDER = '/opt/gpreg'

/**
 * What Node needs around it, and the files by which programs find users, hosts and certificate authorities. There is no shell.
 * @param libraries the paths of shared libraries on this machine, which they keep in the image
 */
export async function systemLayer(libraries: readonly string[]): Promise<PackedFile[]> {
  const { authorities } = await readSystemStore(process.env)
  const certificates = [...new Set(authorities.map(pem => pem.trim()))].sort()
  return layerOf([
    ...libraries.map(path => ({ name: path.slice(1), mode: 0o755, path })),
    text('etc/ssl/certs/ca-certificates.crt', certificates),
    text('etc/passwd', ['root:x:0:0:root:/:', `gpreg:x:${USER}:${USER}:gpreg:${HOME}:`]),
    text('etc/group', ['root:x:0:', `gpreg:x:${USER}:`]),
    text('etc/nsswitch.conf', ['passwd: files', 'group: files', 'hosts: files dns']),
    { name: HOME.slice(1), mode: 0o755, owner: USER, isDirectory: true },
    { name: 'tmp', mode: 0o1777, isDirectory: true },
  ])
}

export function nodeLayer({ path }: NodeBinary): PackedFile[] {
  return layerOf([{ name: `${FOLDER.slice(1)}/node`, mode: 0o755, path }])
}

/** @param root the folder of the command's own package */
export async function programLayer(root: string): Promise<PackedFile[]> {
  const files = await programFiles(root)
  return layerOf(files.map(file => ({ ...file, name: `${FOLDER.slice(1)}/${file.name}` })))
}

function text(name: string, lines: readonly string[]): PackedFile {
  return { name, mode: 0o644, text: `${lines.join('\n')}\n` }
}

/** The files with the directories above them, sorted: a directory comes before what is in it. */
function layerOf(files: readonly PackedFile[]): PackedFile[] {
  const byName = new Map<string, PackedFile>()
  for (const { name } of files)
    for (let above = dirname(name); above !== '.'; above = dirname(above))
      byName.set(above, { name: above, mode: 0o755, isDirectory: true })
  for (const file of files) byName.set(file.name, file)
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
