import { isMap, isScalar, type ParsedNode } from 'yaml'
import { isTrue, readInstallerConfig, valueAt } from './installer-file.ts'
import { sameKey } from './yaml-input.ts'

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

function hasMap(node: unknown, [key, ...rest]: readonly string[]): boolean {
  if (!isMap(node)) return false
  if (key === undefined) return true
  const pair = node.items.find(item => isScalar(item.key) && sameKey(String(item.key.value), key))
  return hasMap(pair?.value as ParsedNode | undefined, rest)
}
