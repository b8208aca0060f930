import { hostOfAddress, isSame, type AccessKey, type ObjectStorage } from '@gpreg/core'
import { Sensitive } from '@gpreg/oci'
import type { SecretRole } from '../installation/choice.ts'
import type { Installation } from '../installation/installation.ts'
import { dockerConfig, keyed, loginsOf, pullLogins } from './docker-config.ts'
import type { SecretValues } from './values.ts'

export type SecretType = 'kubernetes.io/dockerconfigjson' | 'Opaque'

/** A Secret that the configuration names, but that the user gave no content for. */
export interface MissingSecret {
  readonly name: string
  readonly role: SecretRole
  readonly why: string
  /** The flag that takes the content. */
  readonly flag: string
}

/** A Secret that the configuration names. It has no data if the user gave no content. */
export interface WantedSecret extends MissingSecret {
  readonly type: SecretType
  readonly data?: Readonly<Record<string, Sensitive>> | undefined
}

/** The Secrets that the configuration names, with the keys that the installer's `validate cluster` looks for. */
export function wantedSecrets(installation: Installation, values: SecretValues): WantedSecret[] {
  return [
    ...registrySecret(installation, values),
    ...mirrorSecret(installation, values),
    ...storageSecret(installation.objectStorage, values),
    ...caSecret(installation, values),
  ]
}

function registrySecret(installation: Installation, values: SecretValues): WantedSecret[] {
  const registry = installation.registries['workspace-images']
  if (registry.kind !== 'in-cluster') {
    const { registry: login } = loginsOf(installation, values)
    return [
      {
        role: 'registry',
        name: registry.credentials.name,
        type: 'kubernetes.io/dockerconfigjson',
        data: login && { '.dockerconfigjson': dockerConfig(pullLogins(installation, values)) },
        why: `workspace images are pushed to ${hostOfAddress(registry.address)} with it`,
        flag: registryFlag(installation),
      },
    ]
  }
  if (registry.storage === undefined) return []
  return [
    {
      role: 'registry',
      name: registry.storage.credentials.name,
      type: 'Opaque',
      data: values.registryStorage && accessKeyData(values.registryStorage, 's3AccessKey', 's3SecretKey'),
      why: `the in-cluster registry keeps its blobs in the bucket ${registry.storage.bucket} with it`,
      // Without object storage the kind is `in-cluster`, and its flag has another name.
      flag: installation.objectStorage === undefined ? '--s3-credentials' : '--registry-credentials',
    },
  ]
}

function registryFlag({ registries }: Installation): string {
  const { components, 'workspace-images': registry } = registries
  if (isSame(components, registry)) return '--mirror-credentials or --registry-credentials'
  const isGoogle = registry.kind === 'gcr' || registry.kind === 'artifact-registry'
  return isGoogle ? '--service-account-key' : '--registry-credentials'
}

function mirrorSecret(installation: Installation, values: SecretValues): WantedSecret[] {
  const { components, 'workspace-images': registry } = installation.registries
  if (components.kind === 'public') return []
  const { mirror } = loginsOf(installation, values)
  const also = 'credentials' in registry ? registry.credentials.name : 'builtin-registry-auth'
  return [
    {
      role: 'mirror',
      name: components.credentials.name,
      type: 'kubernetes.io/dockerconfigjson',
      data: mirror && { '.dockerconfigjson': dockerConfig(new Map(keyed(components.address, mirror))) },
      why: `nodes pull from ${hostOfAddress(components.address)} with it; ${also} must hold the same login`,
      flag: '--mirror-credentials',
    },
  ]
}

function storageSecret(storage: ObjectStorage | undefined, { storage: value }: SecretValues): WantedSecret[] {
  if (storage === undefined || storage.kind === 'in-cluster') return []
  const common = { role: 'storage', name: storage.credentials.name, type: 'Opaque' } as const
  const why = 'Gitpod keeps backups of workspaces with it'
  switch (storage.kind) {
    case 's3': {
      const key = value !== undefined && 'accessKeyId' in value ? value : undefined
      const data = key && accessKeyData(key, 'accessKeyId', 'secretAccessKey')
      return [{ ...common, data, why, flag: '--storage-credentials' }]
    }
    case 'gcs': {
      const data = value !== undefined && 'json' in value ? { 'service-account.json': value.json } : undefined
      return [{ ...common, data, why, flag: '--service-account-key' }]
    }
    case 'azure': {
      const account = value !== undefined && 'accountName' in value ? value : undefined
      const data = account && {
        accountName: new Sensitive(account.accountName),
        accountKey: account.accountKey,
      }
      return [{ ...common, data, why, flag: '--storage-account and --storage-key-file' }]
    }
  }
}

function caSecret({ ca }: Installation, values: SecretValues): WantedSecret[] {
  if (ca === undefined) return []
  return [
    {
      role: 'ca',
      name: ca.name,
      type: 'Opaque',
      data: values.ca === undefined ? undefined : { 'ca.crt': new Sensitive(values.ca) },
      why: 'components trust the registries with it',
      flag: '--ca-file',
    },
  ]
}

function accessKeyData(key: AccessKey, id: string, secret: string): Record<string, Sensitive> {
  return { [id]: new Sensitive(key.accessKeyId), [secret]: key.secretAccessKey }
}
