import { hasMap, isTrue, readInstallerConfig, valueAt } from './installer-file.ts'

/** The settings of a configuration that decide which images of a release its cluster pulls. */
export interface InstallerSettings {
  /** `IDE`, `WebApp`, `Meta`, `Workspace` or `Full` */
  readonly kind: string
  readonly database: 'in-cluster' | 'cloud-sql' | 'external'
  readonly storage: 'in-cluster' | 'azure' | 'other'
  readonly inClusterRegistry: boolean
  readonly shiftfs: boolean
  /** The image that workspaces start from; absent if it is the installer's default. */
  readonly baseImage?: string
}

/** @throws `input-invalid` */
export function parseInstallerSettings(text: string, path: string): InstallerSettings {
  const { root } = readInstallerConfig(text, path)
  const word = (field: string) => valueAt(root, field)?.text
  const baseImage = word('workspace.workspaceImage')
  const inCluster = (section: string) => isTrue(word(`${section}.inCluster`) ?? 'true')
  return {
    kind: word('kind') ?? 'Full',
    database: inCluster('database')
      ? 'in-cluster'
      : hasMap(root, ['database', 'cloudSQL'])
        ? 'cloud-sql'
        : 'external',
    storage: inCluster('objectStorage')
      ? 'in-cluster'
      : hasMap(root, ['objectStorage', 'azure'])
        ? 'azure'
        : 'other',
    inClusterRegistry: inCluster('containerRegistry'),
    shiftfs: word('workspace.runtime.fsShiftMethod') === 'shiftfs',
    ...(baseImage === undefined ? {} : { baseImage }),
  }
}
