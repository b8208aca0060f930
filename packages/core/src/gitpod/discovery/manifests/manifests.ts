import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../../../context.ts'
import { invalidInput, place, reading, readInput, STDIN } from '../../../input.ts'
import type { FoundImage } from '../found-image.ts'
import { readManifestFile, type ForeignDocument, type ManifestFile } from './manifest-file.ts'

const MANIFEST = /\.(?:ya?ml|json)$/i
/** Directories of tools, whose files are not the user's. */
const TOOLS = /(?:^|[/\\])(?:\.git|node_modules)(?:[/\\]|$)/

/**
 * Finds images in rendered Kubernetes manifests: one file, all files of a directory, or standard input. In a directory, what is
 * no Kubernetes object is passed over with a warning; alone, it is refused.
 * @throws `input-unreadable`, `input-invalid`, `reference-invalid`
 */
export async function manifestImages(
  path: string,
  stdin: () => Promise<string>,
  context: Context,
): Promise<FoundImage[]> {
  const isDirectory = path !== STDIN && (await reading(path, () => stat(path))).isDirectory()
  if (isDirectory) return directoryImages(path, context)
  return parseManifests(await readInput(path, stdin), path, context)
}

/**
 * Finds images in the text of manifests.
 * @throws `input-invalid` if it has no Kubernetes object, or cannot be parsed; `reference-invalid`; both name the line
 */
export function parseManifests(text: string, path: string, context: Context): FoundImage[] {
  const file = readManifestFile(text, path)
  const refused =
    file.foreign.find(({ broken }) => broken) ?? (file.objects === 0 ? file.foreign[0] : undefined)
  if (refused !== undefined) throw invalidInput(path, refused.line, refusal(refused), refused.hint)
  return tell(file, path, context)
}

async function directoryImages(directory: string, context: Context): Promise<FoundImage[]> {
  const images: FoundImage[] = []
  let objects = 0
  const files = await manifestFiles(directory, context)
  for (const path of files) {
    const file = readManifestFile(await readInput(path, async () => ''), path)
    objects += file.objects
    images.push(...tell(file, path, context))
  }
  if (objects > 0) return images
  const why =
    files.length === 0 ? 'no manifests in this directory' : 'no Kubernetes objects in this directory'
  throw invalidInput(
    directory,
    undefined,
    why,
    'manifests end in .yaml, .yml or .json; give what `gitpod-installer render` or `helm template` prints',
  )
}

async function manifestFiles(directory: string, context: Context): Promise<string[]> {
  const entries = await reading(directory, () => readdir(directory, { recursive: true, withFileTypes: true }))
  const paths = entries
    .filter(
      entry =>
        !entry.isDirectory() &&
        MANIFEST.test(entry.name) &&
        !TOOLS.test(entry.parentPath.slice(directory.length)),
    )
    .map(entry => join(entry.parentPath, entry.name))
    .toSorted()
  const files: string[] = []
  for (const path of paths) {
    const why = await unreadable(path)
    if (why === undefined) files.push(path)
    else context.emit(passedOver(path, `${place(path)}: passed over, ${why}`))
  }
  return files
}

/** Why something has the name of a manifest, but can never be read: a link without a target, a pipe. */
async function unreadable(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isFile() ? undefined : 'this is no file'
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return 'this link leads nowhere'
    // Reading the file says why.
    return undefined
  }
}

function passedOver(path: string, message: string) {
  return { type: 'warning', code: 'input-skipped', message, subject: { path } } as const
}

/** Emits a warning for each remark, and for each document that is passed over. */
function tell(file: ManifestFile, path: string, { emit }: Context): FoundImage[] {
  for (const message of file.remarks)
    emit({ type: 'warning', code: 'image-skipped', message, subject: { path } })
  for (const foreign of file.foreign) {
    const message = `${place(path, foreign.line)}: passed over, ${refusal(foreign)}; ${foreign.hint}`
    emit(passedOver(path, message))
  }
  return [...file.images]
}

function refusal({ what }: ForeignDocument): string {
  return /^(?:no|not) /.test(what) ? what : `this is ${what}, not Kubernetes`
}
