import { placesOf } from '@gpreg/core'
import { parse } from 'yaml'
import type { KeyPath } from '../config/case.ts'

/** The options of ConfigValues by name, as text; options that the file does not set are not there. */
export type KotsOptions = ReadonlyMap<string, string>

/** A field of the configuration that KOTS makes, with the option that it is from. */
export interface MadeField {
  readonly path: KeyPath
  readonly value: unknown
  readonly option: string
}

const isOn = (options: KotsOptions, name: string, standard = false): boolean => {
  const value = options.get(name)
  return value === undefined ? standard : /^(?:1|y|yes|on|true|t)$/i.test(value)
}

const secret = (name: string) => ({ kind: 'secret', name })

/**
 * The configuration that Gitpod's KOTS application makes of options, without `config_patch`.
 * https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/kots/manifests/kots-config.yaml and
 * https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/config/v1/envvars.go
 * @param release such as `2022.11.3`: each field stands where it reads the field
 */
export function madeFields(options: KotsOptions, release: string): MadeField[] {
  return [...fieldsOf(options, release)]
}

function* fieldsOf(options: KotsOptions, release: string): Iterable<MadeField> {
  const field = (path: string, value: unknown, option: string): MadeField => {
    const [place = path] = placesOf(path, release)
    return { path: place.split('.'), value, option }
  }
  const domain = options.get('domain')
  if (domain !== undefined) yield field('domain', domain, 'domain')
  yield* registryFields(options, field)
  yield* storageFields(options, field)
  if (!isOn(options, 'db_incluster', true)) yield* databaseFields(options, field)
  const openVsx = options.get('openVsxUrl')
  if (openVsx) yield field('openVSX.url', openVsx, 'openVsxUrl')
  if (isOn(options, 'user_management_block_enabled')) {
    const passlist = (options.get('user_management_block_passlist') ?? '').split(/\s+/).filter(Boolean)
    yield field('blockNewUsers', { enabled: true, passlist }, 'user_management_block_enabled')
  }
}

type MakeField = (path: string, value: unknown, option: string) => MadeField

function* registryFields(options: KotsOptions, field: MakeField): Iterable<MadeField> {
  const hosts = addedHosts(options)
  if (hosts.length > 0)
    yield field(
      'containerRegistry.privateBaseImageAllowList',
      [...hosts.toSorted(), 'docker.io'],
      'reg_docker_config',
    )
  if (!isOn(options, 'reg_incluster', true)) {
    yield field('containerRegistry.inCluster', false, 'reg_incluster')
    yield field('containerRegistry.external.url', options.get('reg_url') ?? '', 'reg_url')
    yield field('containerRegistry.external.certificate', secret('container-registry'), 'reg_url')
  } else if (options.get('reg_incluster_storage') === 's3') {
    const s3 = 'reg_incluster_storage_s3'
    const at = 'containerRegistry.s3storage'
    yield field(`${at}.region`, options.get(`${s3}_region`) ?? '', `${s3}_region`)
    yield field(`${at}.endpoint`, options.get(`${s3}_endpoint`) ?? 's3.amazonaws.com', `${s3}_endpoint`)
    yield field(`${at}.bucket`, options.get(`${s3}_bucketname`) ?? '', `${s3}_bucketname`)
    yield field(`${at}.certificate`, secret('container-registry-s3-backend'), 'reg_incluster_storage')
  }
}

function* storageFields(options: KotsOptions, field: MakeField): Iterable<MadeField> {
  const provider = options.get('store_provider') ?? 'incluster'
  if (!['azure', 'gcp', 's3'].includes(provider)) return
  yield field('metadata.region', options.get('store_region') ?? '', 'store_region')
  yield field('objectStorage.inCluster', false, 'store_provider')
  if (provider === 'azure')
    yield field('objectStorage.azure.credentials', secret('storage-azure'), 'store_provider')
  if (provider === 'gcp') {
    yield field(
      'objectStorage.cloudStorage.project',
      options.get('store_gcp_project') ?? '',
      'store_gcp_project',
    )
    yield field('objectStorage.cloudStorage.serviceAccount', secret('storage-gcp'), 'store_provider')
  }
  if (provider === 's3') {
    const endpoint = options.get('store_s3_endpoint') ?? 's3.amazonaws.com'
    yield field('objectStorage.s3.endpoint', endpoint, 'store_s3_endpoint')
    yield field('objectStorage.s3.credentials', secret('storage-s3'), 'store_provider')
  }
}

function* databaseFields(options: KotsOptions, field: MakeField): Iterable<MadeField> {
  yield field('database.inCluster', false, 'db_incluster')
  if (isOn(options, 'db_cloudsql_enabled')) {
    const instance = options.get('db_cloudsql_instance') ?? ''
    yield field('database.cloudSQL.instance', instance, 'db_cloudsql_instance')
    yield field('database.cloudSQL.serviceAccount', secret('cloudsql'), 'db_cloudsql_enabled')
  } else yield field('database.external.certificate', secret('database'), 'db_incluster')
}

/** The hosts whose logins KOTS adds to that of the registry, also of the in-cluster one; none if the option is no docker config. */
export function addedHosts(options: KotsOptions): string[] {
  if (!isOn(options, 'reg_docker_config_enable')) return []
  const encoded = options.get('reg_docker_config') ?? ''
  try {
    const { auths } = parse(Buffer.from(encoded, 'base64').toString('utf8')) as { auths?: object }
    return Object.keys(auths ?? {})
  } catch {
    return []
  }
}
