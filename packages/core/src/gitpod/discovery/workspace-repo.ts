import { realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { isMap } from 'yaml'
import type { Context } from '../../context.ts'
import { GpregError, isGpregError, type Reference } from '@gpreg/oci'
import { parseBaseImages } from './dockerfile.ts'
import { DEFAULT_WORKSPACE_IMAGE, type FoundImage } from './found-image.ts'
import { invalidInput, place, reading, readText, referenceAt } from '../../input.ts'
import { parseYaml, textAt } from './yaml-input.ts'

const CONFIG = '.gitpod.yml'

/**
 * Finds the base images of a repository's workspaces: the `image` of its `.gitpod.yml`, or the `FROM` lines of the Dockerfile
 * that its `.gitpod.yml` names. Without either, it is `gitpod/workspace-full`.
 * @throws `input-unreadable`, `input-invalid`, `reference-invalid`
 */
export async function workspaceRepoImages(directory: string, context: Context): Promise<FoundImage[]> {
  const root = await reading(directory, () => realpath(directory))
  const config = join(directory, CONFIG)
  const { image, file, line } = await readConfig(directory, root)
  if (file !== undefined) return dockerfileImages(directory, root, file, line, context)
  const source = image === undefined ? DEFAULT_WORKSPACE_IMAGE : referenceAt(image, config, line)
  return [found(source, config)]
}

interface RepositoryImage {
  readonly image?: string
  /** path of a Dockerfile, from the root of the repository */
  readonly file?: string
  readonly line?: number
}

async function readConfig(directory: string, root: string): Promise<RepositoryImage> {
  const path = join(directory, CONFIG)
  let text: string
  try {
    text = await readText(await inside(directory, root, CONFIG, path))
  } catch (thrown) {
    if (isMissing(thrown)) return {}
    throw thrown
  }
  const { documents, lineOf } = parseYaml(text, path)
  const contents = documents[0]?.contents ?? null
  if (contents !== null && !isMap(contents))
    throw invalidInput(
      path,
      lineOf(contents),
      'not a Gitpod configuration',
      'it is a map with keys such as image and tasks',
    )
  const image = textAt(contents, ['image'])
  if (image !== undefined) return { image: image.text, line: lineOf(image.node) }
  const file = textAt(contents, ['image', 'file'])
  return file === undefined ? {} : { file: file.text, line: lineOf(file.node) }
}

async function dockerfileImages(
  directory: string,
  root: string,
  file: string,
  line: number | undefined,
  context: Context,
): Promise<FoundImage[]> {
  const path = join(directory, file)
  const bases = parseBaseImages(
    await readText(await inside(directory, root, file, place(join(directory, CONFIG), line))),
  )
  if (bases.length === 0)
    throw invalidInput(path, undefined, 'no FROM line names an image', 'check image.file in .gitpod.yml')
  return bases.flatMap(base => {
    if (base.image !== undefined) return [found(referenceAt(base.image, path, base.line), path)]
    const message = `${place(path, base.line)}: FROM ${base.text} uses a build argument without a default and is left out; name the image with --image`
    context.emit({ type: 'warning', code: 'image-skipped', message, subject: { path } })
    return []
  })
}

function found(source: Reference, path: string): FoundImage {
  return { source, purpose: 'workspace-base', origins: [`workspace-repo:${path}`] }
}

/**
 * The real path of a file in the repository. A path that leads out of the repository, by `..` or by a symbolic link, is refused,
 * because the repository is not trusted.
 */
async function inside(directory: string, root: string, file: string, namedAt: string): Promise<string> {
  const path = join(directory, file)
  const lexical = relative(root, resolve(root, file))
  const real = isOutside(lexical) ? lexical : relative(root, await reading(path, () => realpath(path)))
  if (!isOutside(real)) return join(root, real)
  throw new GpregError('input-invalid', `${namedAt}: ${JSON.stringify(file)} is outside of the repository`, {
    path,
    hint: 'only files of the repository itself are read',
  })
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || resolve(path) === path
}

function isMissing(thrown: unknown): boolean {
  return isGpregError(thrown, 'input-unreadable') && (thrown.cause as NodeJS.ErrnoException).code === 'ENOENT'
}
