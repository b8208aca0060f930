import { formatReference, type Reference } from '@gpreg/oci'
import { formatPrefix, tryParseReference } from '@gpreg/oci/engine'
import { parseInstallerSettings, type InstallerSettings } from '../discovery/installer-settings.ts'
import type { ImageEntry, WantedImage } from '../image-set.ts'
import { GITPOD_BUILD } from './catalogue.ts'

type Condition = (settings: InstallerSettings) => boolean

const kinds =
  (...names: readonly string[]): Condition =>
  ({ kind }) =>
    names.includes(kind)

const ide = kinds('IDE', 'Meta', 'Full')
const webapp = kinds('WebApp', 'Meta', 'Full')
const workspace = kinds('Workspace', 'Full')
const both =
  (...conditions: readonly Condition[]): Condition =>
  settings =>
    conditions.every(condition => condition(settings))

/** Images below {@link GITPOD_BUILD} that only some kinds of installation run. `ide/` stands for every image below it. */
const GITPOD_IMAGES: Readonly<Record<string, Condition>> = {
  ...all(ide, ['blobserve', 'ide-metrics', 'ide-proxy', 'ide-service', 'ide/', 'openvsx-proxy']),
  ...all(webapp, ['content-service', 'dashboard', 'db-migrations', 'proxy', 'public-api-server', 'server']),
  ...all(webapp, ['ws-manager-bridge']),
  ...all(workspace, ['agent-smith', 'ca-updater', 'docker-up', 'image-builder-mk3', 'image-builder-mk3/bob']),
  ...all(workspace, ['registry-facade', 'seccomp-profile-installer', 'workspacekit', 'ws-daemon']),
  ...all(workspace, ['ws-manager', 'ws-proxy']),
  ...all(kinds('IDE', 'WebApp', 'Meta', 'Full'), ['installation-telemetry', 'service-waiter']),
  supervisor: kinds('IDE', 'Meta', 'Workspace', 'Full'),
  'shiftfs-module-loader': both(workspace, ({ shiftfs }) => shiftfs),
}

const OWN_DATABASE = both(webapp, ({ database }) => database === 'in-cluster')
const MINIO = 'docker.io/bitnami/minio'

const THIRD_PARTY: Readonly<Record<string, Condition>> = {
  'docker.io/bitnami/mysql': OWN_DATABASE,
  'docker.io/bitnami/bitnami-shell': OWN_DATABASE,
  'docker.io/library/mysql': both(webapp, ({ database }) => database !== 'in-cluster'),
  'b.gcr.io/cloudsql-docker/gce-proxy': both(webapp, ({ database }) => database === 'cloud-sql'),
  [MINIO]: both(webapp, ({ storage }) => storage === 'in-cluster'),
  'docker.io/bitnami/rabbitmq': webapp,
  'docker.io/library/alpine': webapp,
  'docker.io/library/redis': ide,
  'docker.io/library/registry': ({ inClusterRegistry }) => inClusterRegistry,
  'docker.io/library/ubuntu': workspace,
  'docker.io/gitpod/workspace-full': ({ kind, baseImage }) => kind !== 'IDE' && baseImage === undefined,
}

/** The gateway to Azure's storage: the last version of MinIO that has one, pinned from 2022.06 on. */
const AZURE_GATEWAY = '2022.4.29-debian-10-r0'

/**
 * The images of a set that the cluster of a configuration pulls. A set holds the images of every configuration, because
 * `mirror list` renders several. An image that the user named (`--image`) or rendered (`--manifests`) stays, as does every image
 * that no release of Gitpod has. The conditions are those of the installer's own rendered test data, per kind and per cloud.
 * @param config the text of the `gitpod.config.yaml` at `path`
 * @throws `input-invalid`
 */
export function pulledImages<E extends WantedImage & Pick<ImageEntry, 'target'>>(
  images: readonly E[],
  config: string,
  path: string,
): readonly E[] {
  const settings = parseInstallerSettings(config, path)
  // Before 2022.06 the image of the chart is the gateway, too.
  const pinned = images.some(({ source }) => nameOf(source) === MINIO && source.tag === AZURE_GATEWAY)
  const isGateway = ({ source }: E) =>
    settings.storage === 'azure' &&
    nameOf(source) === MINIO &&
    webapp(settings) &&
    (!pinned || source.tag === AZURE_GATEWAY)
  const base = tryParseReference(settings.baseImage ?? '')
  // The mirror's copy of the installer's default is what many configurations name.
  const isBase = ({ target }: E) =>
    base !== undefined && target !== undefined && formatReference(target) === formatReference(base)
  return images.filter(
    image => isNamed(image) || isBase(image) || isGateway(image) || isRendered(image, settings),
  )
}

function isNamed({ origins }: WantedImage): boolean {
  return origins.some(origin => /^(?:image|manifests|config):/.test(origin))
}

function isRendered({ source }: WantedImage, settings: InstallerSettings): boolean {
  const name = nameOf(source)
  if (name === MINIO && source.tag === AZURE_GATEWAY) return false
  const build = `${formatPrefix(GITPOD_BUILD)}/`
  const own = name.startsWith(build) ? name.slice(build.length) : undefined
  const condition =
    own === undefined ? THIRD_PARTY[name] : GITPOD_IMAGES[own.startsWith('ide/') ? 'ide/' : own]
  return condition?.(settings) ?? true
}

function nameOf({ host, repository }: Reference): string {
  return `${host}/${repository}`
}

function all(condition: Condition, names: readonly string[]): Record<string, Condition> {
  return Object.fromEntries(names.map(name => [name, condition]))
}
