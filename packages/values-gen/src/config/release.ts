import { findRelease } from '@gpreg/core'
import type { Field } from './fields.ts'

/** Fields that moved to another path in a release. From that release on, the installer refuses a file that sets both paths. */
const MOVED: readonly { readonly in: string; readonly to: string; readonly from: Field['path'] }[] = [
  {
    in: '2022.07',
    to: 'containerRegistry.privateBaseImageAllowList',
    from: ['experimental', 'webapp', 'server', 'defaultBaseImageRegistryWhitelist'],
  },
  {
    in: '2022.07',
    to: 'workspace.workspaceImage',
    from: ['experimental', 'webapp', 'server', 'workspaceDefaults', 'workspaceImage'],
  },
]

const IGNORED = 'The installer renders this only with --use-experimental-config.'

/**
 * Puts each field at the path that the installer of a release reads.
 * @throws `release-unknown`
 */
export function fieldsForRelease(fields: readonly Field[], release: string): Field[] {
  const { name } = findRelease(release).release
  return fields.map(field => {
    const moved = MOVED.find(({ in: since, to }) => to === field.path.join('.') && name < since)
    return moved === undefined
      ? field
      : { ...field, path: moved.from, comment: IGNORED, known: 'experimental-ignored' }
  })
}
