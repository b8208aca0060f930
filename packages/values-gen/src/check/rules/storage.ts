import {
  CHART_DEMANDS,
  isAwsEndpoint,
  isMinio,
  plainHttpSign,
  s3Endpoint,
  servesRegion,
} from '../../installation/s3-endpoint.ts'
import type { ConfigReader } from '../config-reader.ts'
import type { Complaint, Rules } from '../rule.ts'

const CLOUDS = ['objectStorage.s3', 'objectStorage.cloudStorage', 'objectStorage.azure']
const DATABASES = ['database.external', 'database.cloudSQL']

const REGISTRY_ENDPOINT = 'containerRegistry.s3storage.endpoint'
const STORAGE_ENDPOINT = 'objectStorage.s3.endpoint'

/** The fields with the S3 endpoints of the registry and of the object storage, each with the field of its region. */
const ENDPOINTS = [
  { path: REGISTRY_ENDPOINT, region: 'containerRegistry.s3storage.region' },
  { path: STORAGE_ENDPOINT, region: 'metadata.region' },
]

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
        // Without http:// the endpoint would be no better: the rules about https say what would.
        if (endpoint === undefined || /^(?:http:\/\/.*|[a-z0-9.[\]:-]+)$/is.test(endpoint)) continue
        const host = endpoint.replace(/^[a-z]+:\/\//i, '').split('/', 1)[0]
        yield {
          path,
          message: 'this is not host[:port]: it has no scheme and no path',
          hint: `write ${host}`,
        }
      }
    },
  },
  's3-registry-https': {
    level: 'warning',
    about:
      'The chart of the in-cluster registry always talks to S3 by https and has every blob encrypted; no field changes that.',
    *check(config) {
      const endpoint = config.text(REGISTRY_ENDPOINT)
      if (endpoint === undefined || config.flag('containerRegistry.inCluster') === false) return
      const sign = plainHttpSign(endpoint)
      if (sign === undefined && !isMinio(endpoint)) return
      yield {
        path: REGISTRY_ENDPOINT,
        message: `${CHART_DEMANDS}: ${sign === undefined ? 'MinIO refuses the latter without a KMS' : `${sign} stands for plain HTTP`}`,
        hint: 'name a store with a certificate that encrypts, such as S3 of AWS or MinIO with a KMS, or leave s3storage out: the registry then keeps its blobs on a volume',
      }
    },
  },
  's3-storage-https': {
    level: 'warning',
    about:
      'Object storage is asked by https, unless `allowInsecureConnection` is set, which is known from 2022.09 on.',
    *check(config, { name }) {
      const endpoint = config.text(STORAGE_ENDPOINT)
      if (endpoint === undefined || config.flag('objectStorage.inCluster')) return
      const sign = plainHttpSign(endpoint)
      if (sign === undefined || config.flag('objectStorage.s3.allowInsecureConnection')) return
      yield {
        path: STORAGE_ENDPOINT,
        message: `this is asked by https, and ${sign} stands for plain HTTP`,
        hint:
          name < '2022.09'
            ? `give the store a certificate: ${name} knows no other way`
            : 'give the store a certificate, or set objectStorage.s3.allowInsecureConnection: true; the endpoint has no scheme',
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
        if (!isAwsEndpoint(host) || servesRegion(host, region)) continue
        yield {
          path,
          message: `${host} is not the endpoint of ${region}, which ${regionPath} names`,
          hint: `write ${s3Endpoint(region)}`,
        }
      }
    },
  },
} satisfies Rules
