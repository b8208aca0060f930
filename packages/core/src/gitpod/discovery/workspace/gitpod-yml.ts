import { isMap } from 'yaml'
import { join } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { place, referenceAt } from '../../../input.ts'
import { dockerfileImages } from '../dockerfile/dockerfile.ts'
import type { Findings } from './findings.ts'
import type { RepositoryFiles } from './repository-files.ts'
import { mentionOf } from './yaml-mention.ts'
import { YamlView } from './yaml-view.ts'

export const CONFIG = '.gitpod.yml'
const HINT = 'image is a text, or a map with file and, if needed, context'

/**
 * Finds the image that workspaces of a repository start from: `image` of its `.gitpod.yml`, or the images of the Dockerfile that
 * `image.file` names from the root of the repository. `image.context` only says which files the build sees.
 * @returns false if the file names no image, so that Gitpod takes its default
 * @throws `input-invalid`, `input-unreadable`, `reference-invalid`
 */
export async function readGitpodConfig(files: RepositoryFiles, findings: Findings): Promise<boolean> {
  const config = await files.readIfThere(CONFIG)
  if (config === undefined) return false
  const yaml = new YamlView(config.text, config.path)
  if (yaml.root === undefined) return false
  if (!isMap(yaml.root))
    throw yaml.invalid(
      yaml.root,
      'not a Gitpod configuration',
      'it is a map with keys such as image and tasks',
    )
  const image = yaml.get(yaml.root, 'image')
  if (image === undefined || yaml.isNothing(image)) return false
  const text = yaml.text(image)
  if (text?.text.trim() === '') return false
  if (text !== undefined) {
    referenceAt(text.text.trim(), config.path, text.line)
    findings.add(config, { mentions: [mentionOf('image', text)], problems: [] }, 'workspace-repo')
    return true
  }
  const file = isMap(image) ? yaml.text(yaml.get(image, 'file')) : undefined
  if (file === undefined) {
    const what = isMap(image) ? 'image is a map without the path of a file' : `image is ${yaml.typeOf(image)}`
    throw yaml.invalid(image, what, HINT)
  }
  const dockerfile = await files.read(file.text.trim(), place(config.path, file.line))
  const found = dockerfileImages(dockerfile.text)
  if (found.stages === 0)
    throw new GpregError('input-invalid', `${join(files.directory, file.text)}: no FROM line`, {
      path: dockerfile.path,
      hint: `check image.file at ${place(config.path, file.line)}`,
    })
  findings.add(dockerfile, found, 'workspace-repo')
  return true
}
