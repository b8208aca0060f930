import { isMap, type Document } from 'yaml'
import { GpregError, isGpregError, type Reference } from '@gpreg/oci'
import { formatPrefix, parsePrefix, type RegistryPrefix } from '@gpreg/oci/engine'
import { GITPOD_BUILD } from '../release/catalogue.ts'
import { invalidInput, place, referenceAt } from '../../input.ts'
import type { Naming } from '../naming.ts'
import { parseYaml, textAt } from './yaml-input.ts'

/** The parts of a `gitpod.config.yaml` that concern images. */
export interface InstallerImages {
  /** `repository`, if it is not Gitpod's own. */
  readonly to?: RegistryPrefix
  /** `workspace.workspaceImage` */
  readonly workspaceImage?: Reference
  /** `flat` if `dropImageRepo` is set */
  readonly naming: Naming
}

/** @throws `input-invalid`, also if `repository` cannot be a target; `reference-invalid` */
export function parseInstallerConfig(text: string, path: string): InstallerImages {
  const { documents, lineOf } = parseYaml(text, path)
  const root = documents[0]?.contents ?? null
  if (documents.length !== 1 || !isMap(root)) throw noConfiguration(documents, path)
  const repository = textAt(root, ['repository'])
  const image = textAt(root, ['workspace', 'workspaceImage'])
  const drop = textAt(root, ['dropImageRepo'])?.text
  const to = repository && targetAt(repository.text, path, lineOf(repository.node))
  return {
    ...(to === undefined ? {} : { to }),
    ...(image === undefined ? {} : { workspaceImage: referenceAt(image.text, path, lineOf(image.node)) }),
    naming: drop?.toLowerCase() === 'true' ? 'flat' : 'installer',
  }
}

/** Rendered manifests have several documents, and are what people give most often instead. */
function noConfiguration(documents: readonly Document.Parsed[], path: string): GpregError {
  const isManifests = documents.some(
    ({ contents }) => textAt(contents, ['apiVersion']) && textAt(contents, ['kind']),
  )
  return isManifests
    ? invalidInput(
        path,
        undefined,
        'these are Kubernetes manifests, no installer configuration',
        '--manifests FILE reads them',
      )
    : invalidInput(
        path,
        undefined,
        'this is no installer configuration',
        'give the file that `gitpod-installer init` makes',
      )
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
