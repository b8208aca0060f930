import { formatReference, GpregError, isGpregError, type Reference } from '@gpreg/oci'
import { formatPrefix, nameBelow, parsePrefix, type RegistryPrefix } from '@gpreg/oci/engine'
import { GITPOD_BUILD } from '../release/catalogue.ts'
import { place, referenceAt } from '../../input.ts'
import { targetNames, type Naming } from '../naming.ts'
import { DEFAULT_WORKSPACE_IMAGE, purposeOf } from './found-image.ts'
import { isTrue, valueAt, type InstallerFile } from './installer-file.ts'

/** The parts of a `gitpod.config.yaml` that concern images. */
export interface InstallerImages {
  /** `repository`, if it is not Gitpod's own. */
  readonly to?: RegistryPrefix
  /** `workspace.workspaceImage`, also in its place before 2022.07; the original, if it is the copy of one of Gitpod's images */
  readonly workspaceImage?: Reference
  /** `flat` if `dropImageRepo` is set */
  readonly naming: Naming
}

/**
 * Reads keys in any case of letters, as Go's JSON decoder does.
 * @throws `input-invalid`, also if `repository` cannot be a target; `reference-invalid`
 */
export function parseInstallerConfig({ root, lineOf }: InstallerFile, path: string): InstallerImages {
  const repository = valueAt(root, 'repository')
  const image = valueAt(root, 'workspace.workspaceImage')
  const to = repository && targetAt(repository.text, path, lineOf(repository.node))
  const naming = isTrue(valueAt(root, 'dropImageRepo')?.text) ? 'flat' : 'installer'
  const named = image && referenceAt(image.text, path, lineOf(image.node))
  return {
    ...(to === undefined ? {} : { to }),
    ...(named === undefined
      ? {}
      : { workspaceImage: to === undefined ? named : originalOf(named, to, naming) }),
    naming,
  }
}

/** The image of Gitpod on Docker Hub whose copy has this name in the mirror: outside of an air gap only the original can be read. */
function originalOf(image: Reference, to: RegistryPrefix, naming: Naming): Reference {
  const copy = nameBelow(to, image)
  if (copy === undefined) return image
  const original = [DEFAULT_WORKSPACE_IMAGE.repository, copy.repository]
    .map(repository => ({ ...image, host: DEFAULT_WORKSPACE_IMAGE.host, repository }))
    .filter(source => purposeOf(source) === 'workspace-base')
    .find(source =>
      targetNames(source, to, naming).some(name => formatReference(name) === formatReference(image)),
    )
  return original ?? image
}

function targetAt(text: string, path: string, line: number): RegistryPrefix | undefined {
  try {
    const to = parsePrefix(text)
    return formatPrefix(to) === formatPrefix(GITPOD_BUILD) ? undefined : to
  } catch (thrown) {
    if (!isGpregError(thrown)) throw thrown
    throw new GpregError('input-invalid', `${place(path, line)}: repository: ${thrown.message}`, {
      path,
      cause: thrown,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    })
  }
}
