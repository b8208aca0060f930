import { GpregError, isGpregError, type Reference } from '@gpreg/oci'
import { formatPrefix, parsePrefix, type RegistryPrefix } from '@gpreg/oci/engine'
import { GITPOD_BUILD } from '../release/catalogue.ts'
import { place, referenceAt } from '../../input.ts'
import type { Naming } from '../naming.ts'
import { isTrue, readInstallerConfig, valueAt } from './installer-file.ts'

/** The parts of a `gitpod.config.yaml` that concern images. */
export interface InstallerImages {
  /** `repository`, if it is not Gitpod's own. */
  readonly to?: RegistryPrefix
  /** `workspace.workspaceImage`, also in its place before 2022.07 */
  readonly workspaceImage?: Reference
  /** `flat` if `dropImageRepo` is set */
  readonly naming: Naming
}

/**
 * Reads keys in any case of letters, as Go's JSON decoder does.
 * @throws `input-invalid`, also if `repository` cannot be a target; `reference-invalid`
 */
export function parseInstallerConfig(text: string, path: string): InstallerImages {
  const { root, lineOf } = readInstallerConfig(text, path)
  const repository = valueAt(root, 'repository')
  const image = valueAt(root, 'workspace.workspaceImage')
  const to = repository && targetAt(repository.text, path, lineOf(repository.node))
  return {
    ...(to === undefined ? {} : { to }),
    ...(image === undefined ? {} : { workspaceImage: referenceAt(image.text, path, lineOf(image.node)) }),
    naming: isTrue(valueAt(root, 'dropImageRepo')?.text) ? 'flat' : 'installer',
  }
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
