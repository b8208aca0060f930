/** A field of the installer configuration that has another place since a release. Paths are keys joined with dots. */
export interface MovedField {
  readonly from: string
  readonly to: string
  /** the first release that reads `to`, e.g. `2022.07` */
  readonly since: string
}

/**
 * The fields that moved. From `since` on the installer still reads `from`, and refuses a file that sets both.
 * https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/config/v1/config.go (CheckDeprecated)
 */
export const MOVED_FIELDS: readonly MovedField[] = [
  {
    from: 'experimental.webapp.server.workspaceDefaults.workspaceImage',
    to: 'workspace.workspaceImage',
    since: '2022.07',
  },
  {
    from: 'experimental.webapp.server.defaultBaseImageRegistryWhitelist',
    to: 'containerRegistry.privateBaseImageAllowList',
    since: '2022.07',
  },
  {
    from: 'experimental.webapp.proxy.serviceType',
    to: 'components.proxy.service.serviceType',
    since: '2022.07',
  },
]

/**
 * Every path at which the installer reads a field: the path that a release wants first, then the other one.
 * @param release such as `2022.11.3`; default: the newest
 */
export function placesOf(path: string, release?: string): readonly string[] {
  const moved = MOVED_FIELDS.find(({ to }) => to === path)
  if (moved === undefined) return [path]
  const places = [moved.to, moved.from]
  return release !== undefined && release < moved.since ? places.toReversed() : places
}
