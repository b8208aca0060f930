import { addressOf, hostOfAddress, oneLine, type ObjectStorage } from '@gpreg/core'
import { Sensitive } from '@gpreg/oci'
import { stringify } from 'yaml'
import { writeConfig } from '../config/document.ts'
import type { SecretRole } from '../installation/choice.ts'
import type { Installation } from '../installation/installation.ts'
import { dockerConfig, loginsOf, pullLogins } from '../secrets/docker-config.ts'
import type { SecretValues } from '../secrets/values.ts'
import { configPatch } from './config-patch.ts'

/** The Secrets that KOTS creates from the values, under names that KOTS chooses. All others must exist before KOTS deploys Gitpod. */
export const KOTS_SECRETS: readonly SecretRole[] = ['registry', 'storage']

/** Settings that KOTS has no option for. */
const PATCHED = [
  'repository',
  'imagePullSecrets',
  'dropImageRepo',
  'containerRegistry.privateBaseImageAllowList',
  'workspace.workspaceImage',
  'customCACert',
]

type Options = Readonly<Record<string, string | Sensitive | undefined>>

/**
 * KOTS ConfigValues, for `kubectl kots install … --config-values FILE`. Options without a value are left out: KOTS asks
 * for them. https://docs.replicated.com/reference/custom-resource-configvalues
 */
export function kotsConfigValues(
  installation: Installation,
  values: SecretValues,
  release?: string,
): Sensitive {
  const options: Options = {
    domain: installation.domain,
    ...registryOptions(installation, values),
    ...moreLogins(installation, values),
    ...storageOptions(installation.objectStorage, values),
    ...patchOptions(installation, release),
  }
  const entries = Object.entries(options).flatMap(([name, option]) => {
    const value = option instanceof Sensitive ? option.reveal() : option
    return value === undefined ? [] : [[name, { value, data: name }]]
  })
  return new Sensitive(
    stringify(
      { apiVersion: 'kots.io/v1beta1', kind: 'ConfigValues', spec: { values: Object.fromEntries(entries) } },
      { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 },
    ),
  )
}

function registryOptions(installation: Installation, values: SecretValues): Options {
  const registry = installation.registries['workspace-images']
  if (registry.kind !== 'in-cluster') {
    const { registry: login } = loginsOf(installation, values)
    const server = hostOfAddress(registry.address)
    return {
      reg_incluster: '0',
      reg_url: registry.address,
      // Left out if the address has no path, because KOTS reads an empty path as the whole URL.
      reg_server: server === registry.address ? undefined : server,
      reg_username: login?.username,
      // The password of `_json_key` is a JSON file. KOTS quotes values itself, so it gets the JSON on one line without quotes.
      // (The quotes that `jq -Rsa` adds in Gitpod's Makefile belong to the YAML around the value.)
      reg_password: login?.username === '_json_key' ? oneLine(login.password) : login?.password,
    }
  }
  const { storage } = registry
  if (storage === undefined) return { reg_incluster: '1', reg_incluster_storage: 'none' }
  return {
    reg_incluster: '1',
    reg_incluster_storage: 's3',
    reg_incluster_storage_s3_region: storage.region,
    reg_incluster_storage_s3_endpoint: storage.endpoint,
    reg_incluster_storage_s3_bucketname: storage.bucket,
    reg_incluster_storage_s3_accesskey: values.registryStorage?.accessKeyId,
    reg_incluster_storage_s3_secretkey: values.registryStorage?.secretAccessKey,
  }
}

/** Logins that KOTS adds to the login of the registry, also of the in-cluster registry: registry-facade pulls from the mirror with them. */
function moreLogins(installation: Installation, values: SecretValues): Options {
  const logins = new Map(pullLogins(installation, values))
  const registry = addressOf(installation.registries['workspace-images'])
  if (registry !== undefined) logins.delete(hostOfAddress(registry))
  if (logins.size === 0) return {}
  return { reg_docker_config_enable: '1', reg_docker_config: base64(dockerConfig(logins).reveal()) }
}

function storageOptions(storage: ObjectStorage | undefined, { storage: value }: SecretValues): Options {
  switch (storage?.kind) {
    case undefined:
      return {}
    case 'in-cluster':
      return { store_provider: 'incluster' }
    case 's3': {
      const key = value !== undefined && 'accessKeyId' in value ? value : undefined
      return {
        store_provider: 's3',
        store_region: storage.region,
        store_s3_endpoint: storage.endpoint,
        store_s3_bucket: storage.bucket,
        store_s3_access_key_id: key?.accessKeyId,
        store_s3_secret_access_key: key?.secretAccessKey,
      }
    }
    case 'gcs':
      return {
        store_provider: 'gcp',
        store_region: storage.region,
        store_gcp_project: storage.project,
        store_gcp_credentials:
          value !== undefined && 'json' in value ? base64(oneLine(value.json).reveal()) : undefined,
      }
    case 'azure': {
      const account = value !== undefined && 'accountName' in value ? value : undefined
      return {
        store_provider: 'azure',
        store_region: storage.region,
        store_azure_account_name: account?.accountName,
        store_azure_access_key: account?.accountKey,
      }
    }
  }
}

function patchOptions(installation: Installation, release: string | undefined): Options {
  const fields = configPatch(installation, PATCHED, release)
  if (fields.length === 0) return {}
  return { advanced_mode_enabled: '1', config_patch: base64(writeConfig(fields)) }
}

/** KOTS takes options of type `file` in base64. */
function base64(text: string): Sensitive {
  return new Sensitive(Buffer.from(text).toString('base64'))
}
