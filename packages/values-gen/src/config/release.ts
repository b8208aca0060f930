import { findRelease } from '@gpreg/core'
import type { Field } from './fields.ts'

/** Fields that had another place before a release. Both places at once are an error to the installer that knows both. */
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
 * The fields as a release of the installer knows them.
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
