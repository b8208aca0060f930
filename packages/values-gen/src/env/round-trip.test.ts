import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { writeConfig } from '../config/document.ts'
import { configFields } from '../config/fields.ts'
import type { Choice, CommonChoice, KindChoice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { envVariables } from './envvars.ts'

interface SecretRef {
  readonly kind: 'secret'
  readonly name: string
}

interface Config {
  domain?: string
  repository?: string
  imagePullSecrets?: readonly SecretRef[]
  dropImageRepo?: boolean
  customCACert?: SecretRef
  metadata?: { region?: string }
  containerRegistry?: {
    readonly privateBaseImageAllowList?: readonly string[]
    readonly [key: string]: unknown
  }
  objectStorage?: { readonly [key: string]: unknown }
  workspace?: { readonly workspaceImage?: string }
}

/**
 * Builds the fields for registries and storage from variables, by the rules of the installer.
 * https://github.com/gitpod-io/gitpod/blob/release-2022.11.3/install/installer/pkg/config/v1/envvars.go
 */
function buildFromEnvvars(variables: ReadonlyMap<string, string>): Config {
  const text = (name: string) => variables.get(name) ?? ''
  const isTrue = (name: string) => ['1', 'y', 'yes', 'on', 'true', 't'].includes(text(name).toLowerCase())
  const secret = (name: string): SecretRef => ({ kind: 'secret', name: text(name) })
  const config: Config = { ...(text('DOMAIN') === '' ? {} : { domain: text('DOMAIN') }) }

  const allowed: string[] = []
  if (isTrue('HAS_LOCAL_REGISTRY')) {
    config.repository = text('LOCAL_REGISTRY_ADDRESS')
    config.imagePullSecrets = [secret('IMAGE_PULL_SECRET_NAME')]
    config.dropImageRepo = true
    allowed.push(text('LOCAL_REGISTRY_HOST'))
  }
  if (isTrue('REGISTRY_DOCKER_CONFIG_ENABLED')) {
    const { auths } = parse(text('REGISTRY_DOCKER_CONFIG_JSON')) as { auths: object }
    allowed.push(...Object.keys(auths).sort())
  }
  if (allowed.length > 0) allowed.push('docker.io')

  const inCluster = !variables.has('REGISTRY_INCLUSTER_ENABLED') || isTrue('REGISTRY_INCLUSTER_ENABLED')
  const s3 = 'REGISTRY_INCLUSTER_STORAGE_S3'
  config.containerRegistry = {
    privateBaseImageAllowList: allowed,
    inCluster,
    ...(!inCluster && {
      external: { url: text('REGISTRY_URL'), certificate: secret('REGISTRY_EXTERNAL_CERTIFICATE_NAME') },
    }),
    ...(inCluster &&
      text('REGISTRY_INCLUSTER_STORAGE') === 's3' && {
        s3storage: {
          region: text(`${s3}_REGION`),
          endpoint: text(`${s3}_ENDPOINT`),
          bucket: text(`${s3}_BUCKET_NAME`),
          certificate: secret(`${s3}_CERTIFICATE_NAME`),
        },
      }),
  }

  const provider = variables.get('STORE_PROVIDER') ?? 'incluster'
  if (provider !== 'incluster') config.metadata = { region: text('STORE_REGION') }
  config.objectStorage = {
    inCluster: provider === 'incluster',
    ...(provider === 'azure' && { azure: { credentials: secret('STORE_AZURE_CREDENTIALS_NAME') } }),
    ...(provider === 'gcp' && {
      cloudStorage: {
        project: text('STORE_GCP_PROJECT'),
        serviceAccount: secret('STORE_GCP_SERVICE_ACCOUNT_NAME'),
      },
    }),
    ...(provider === 's3' && {
      s3: {
        endpoint: text('STORE_S3_ENDPOINT'),
        bucket: text('STORE_S3_BUCKET'),
        credentials: secret('STORE_S3_CREDENTIALS_NAME'),
      },
    }),
  }

  if (!isTrue('CERT_MANAGER_ENABLED') && isTrue('TLS_CUSTOM_CA_CRT_ENABLED')) {
    config.customCACert = secret('TLS_CUSTOM_CA_CRT_CREDENTIALS_NAME')
  }
  if (isTrue('ADVANCED_MODE_ENABLED')) Object.assign(config, parse(text('CONFIG_PATCH')))
  return config
}

const name = fc.stringMatching(/^[a-z]{1,6}$/)
const host = fc
  .oneof(name, fc.constant('docker.io'))
  .map(text => (text.includes('.') ? text : `${text}.internal`))
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const given = <T extends object>(choice: T) =>
  Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined))

const kinds = fc.oneof(
  fc.record({ kind: fc.constant('in-cluster') }),
  fc.record({ kind: fc.constant('in-cluster'), s3: fc.record({ bucket: name, region: name }) }),
  fc.record({ kind: fc.constant('aws'), region: name, bucket: name, storageBucket: optional(name) }),
  fc.record({ kind: fc.constant('gcp'), project: name, region: name }),
  fc.record({ kind: fc.constant('azure'), registry: host, region: name }),
  fc.record({ kind: fc.constant('external'), registry: host }),
) as fc.Arbitrary<KindChoice>

const choices = fc
  .record({
    kind: kinds,
    domain: optional(host),
    mirror: optional(fc.tuple(host, name).map(parts => parts.join('/'))),
    flat: fc.boolean(),
    allowHosts: optional(fc.uniqueArray(host, { maxLength: 4 })),
    workspaceImage: optional(host.map(text => `${text}/image:1`)),
    privateCa: fc.boolean(),
    secretNames: fc.record({ registry: name, storage: name, mirror: name, ca: name }, { requiredKeys: [] }),
  })
  .map(({ kind, flat, ...common }): Choice => {
    const dropImageRepo = flat && common.mirror !== undefined
    return { ...(given({ ...common, dropImageRepo }) as CommonChoice), ...(given(kind) as KindChoice) }
  })

it('the installer builds the same configuration out of the variables', () => {
  fc.assert(
    fc.property(choices, choice => {
      const installation = planInstallation(choice)
      const variables = new Map(envVariables(installation).map(({ name, value }) => [name, value]))
      const config = parse(writeConfig(configFields(installation))) as Config
      expect(comparable(buildFromEnvvars(variables))).toEqual(comparable(config))
    }),
  )
})

/** The configuration with the installer's defaults. The allow list is sorted, because its order has no meaning. */
function comparable(config: Config): object {
  const { containerRegistry = {}, objectStorage = {}, metadata, workspace } = config
  return {
    domain: config.domain,
    repository: config.repository,
    imagePullSecrets: config.imagePullSecrets,
    dropImageRepo: config.dropImageRepo,
    customCACert: config.customCACert,
    workspaceImage: workspace?.workspaceImage,
    region: metadata?.region ?? 'local',
    containerRegistry: {
      ...containerRegistry,
      privateBaseImageAllowList: [...new Set(containerRegistry.privateBaseImageAllowList)].sort(),
    },
    objectStorage: { inCluster: true, ...objectStorage },
  }
}
