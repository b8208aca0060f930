import { s3Endpoint } from '../../installation/s3-endpoint.ts'
import type { ConfigReader } from '../config-reader.ts'
import type { Complaint, Rules } from '../rule.ts'

const CLOUDS = ['objectStorage.s3', 'objectStorage.cloudStorage', 'objectStorage.azure']
const DATABASES = ['database.external', 'database.cloudSQL']

/** The fields with the S3 endpoints of the registry and of the object storage, each with the field of its region. */
const ENDPOINTS = [
  { path: 'containerRegistry.s3storage.endpoint', region: 'containerRegistry.s3storage.region' },
  { path: 'objectStorage.s3.endpoint', region: 'metadata.region' },
]

const AWS = /(?:^|\.)amazonaws\.(?:com|eu)(?:\.cn)?$/

/**
 * True if an AWS host is the endpoint of a region. Every AWS endpoint contains its region, except the oldest, `s3.amazonaws.com`.
 * https://docs.aws.amazon.com/general/latest/gr/s3.html
 */
function servesRegion(host: string, region: string): boolean {
  return (
    host.split('.').some(label => label === region || label === `s3-${region}`) ||
    (region === 'us-east-1' && host === 's3.amazonaws.com')
  )
}

/** Complaints about settings that contradict the chosen storage. */
function* contradictions(
  config: ConfigReader,
  section: string,
  paths: readonly string[],
): Iterable<Complaint> {
  const [first, ...others] = paths.filter(path => config.has(path))
  if (first === undefined) return
  if (config.flag(`${section}.inCluster`))
    yield {
      path: first,
      message: `${section}.inCluster is true, as it is where it is not set: the one in the cluster is used`,
      hint: `set ${section}.inCluster: false, or leave this out`,
    }
  for (const path of others)
    yield { path, message: `${first} is there too: only one of them is used`, hint: 'leave one of them out' }
}

/** Rules about the storage of workspaces, images and data. */
export const STORAGE_RULES = {
  'object-storage-missing': {
    level: 'error',
    about: 'Without the in-cluster object storage there must be another; the installer panics.',
    *check(config) {
      const { kind, none } = { kind: config.text('kind'), none: !CLOUDS.some(path => config.has(path)) }
      if (kind === 'IDE' || config.flag('objectStorage.inCluster') !== false || !none) return
      yield {
        path: 'objectStorage.inCluster',
        message: 'the installer panics: there is no object storage, neither in the cluster nor elsewhere',
        hint: 'set one of objectStorage.s3, .cloudStorage and .azure, or inCluster: true',
      }
    },
  },
  'object-storage-contradiction': {
    level: 'warning',
    about: 'More than one object storage is configured, and another than meant may be used.',
    check: config => contradictions(config, 'objectStorage', CLOUDS),
  },
  'database-missing': {
    level: 'error',
    about: 'Without the in-cluster database there must be another; the installer panics.',
    *check(config) {
      const kind = config.text('kind')
      if (kind === 'IDE' || kind === 'Workspace' || config.flag('database.inCluster') !== false) return
      if (DATABASES.some(path => config.has(path))) return
      yield {
        path: 'database.inCluster',
        message: 'the installer panics: there is no database, neither in the cluster nor elsewhere',
        hint: 'set database.external or database.cloudSQL, or inCluster: true',
      }
    },
  },
  'database-contradiction': {
    level: 'warning',
    about: 'More than one database is configured, and another than meant may be used.',
    check: config => contradictions(config, 'database', DATABASES),
  },
  'region-local': {
    level: 'warning',
    about: 'The region of object storage in a cloud is its own, not `local`.',
    *check(config) {
      const cloud = ['objectStorage.s3', 'objectStorage.cloudStorage'].find(path => config.has(path))
      if (cloud === undefined || config.flag('objectStorage.inCluster')) return
      if (config.text('metadata.region') !== 'local') return
      yield {
        path: config.has('metadata.region') ? 'metadata.region' : cloud,
        message:
          'metadata.region is local, as it is where it is not set: buckets are looked for in a region of that name',
        hint: 'set metadata.region to the region of the bucket; local is right for some stores that are not AWS',
      }
    },
  },
  'region-in-cluster': {
    level: 'warning',
    about: 'The in-cluster object storage knows no region but `local`.',
    *check(config) {
      const region = config.text('metadata.region')
      if (region === undefined || region === 'local' || !config.flag('objectStorage.inCluster')) return
      if (CLOUDS.some(path => config.has(path))) return
      yield {
        path: 'metadata.region',
        message: `the in-cluster object storage is in the region local, not ${region}`,
        hint: 'leave metadata.region out, or set up objectStorage in that region',
      }
    },
  },
  's3-endpoint-form': {
    level: 'warning',
    about: 'An S3 endpoint is host[:port]; both users of it put the scheme before it themselves.',
    *check(config) {
      for (const { path } of ENDPOINTS) {
        const endpoint = config.text(path)
        if (endpoint === undefined || /^[a-z0-9.[\]:-]+$/i.test(endpoint)) continue
        const host = endpoint.replace(/^[a-z]+:\/\//i, '').split('/', 1)[0]
        yield {
          path,
          message: 'this is not host[:port]: it has no scheme and no path',
          hint: `write ${host}`,
        }
      }
    },
  },
  's3-endpoint-region': {
    level: 'warning',
    about:
      'The endpoint of AWS is not the one of the region: the registry gets errors in every region but us-east-1.',
    *check(config) {
      for (const { path, region: regionPath } of ENDPOINTS) {
        const region = config.text(regionPath)
        const host = config
          .text(path)
          ?.replace(/^[a-z]+:\/\//i, '')
          .split(/[/:]/, 1)[0]
        if (host === undefined || region === undefined || region === 'local') continue
        if (!AWS.test(host) || servesRegion(host, region)) continue
        yield {
          path,
          message: `${host} is not the endpoint of ${region}, which ${regionPath} names`,
          hint: `write ${s3Endpoint(region)}`,
        }
      }
    },
  },
} satisfies Rules
