import { hostOfAddress, type HostedRegistry, type ObjectStorage } from '@gpreg/core'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import { parse } from 'yaml'
import { writeConfig } from '../config/document.ts'
import type { Installation } from '../installation/installation.ts'
import { configPatch } from '../kots/config-patch.ts'

/** A variable that `gitpod-installer config build-from-envvars` reads. It may name a Secret, but holds no content of a Secret. */
export interface EnvVariable {
  readonly name: string
  readonly value: string
}

/** `undefined` is a variable that is not set. */
type Variables = Readonly<Record<string, string | undefined>>

/**
 * Describes an installation in the variables that the installer reads.
 * https://github.com/gitpod-io/gitpod/blob/release-2022.11.3/install/installer/pkg/config/v1/envvars.go
 */
export function envVariables(installation: Installation): EnvVariable[] {
  const variables: Variables = {
    DOMAIN: installation.domain,
    ...mirrorVariables(installation),
    ...registryVariables(installation),
    ...storageVariables(installation.objectStorage),
    ...caVariables(installation),
    ...patchVariables(installation),
  }
  return Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
}

/** One line for each variable, as a shell reads it: `set -a; . FILE`. Docker's `--env-file` would keep the quotes as a part of the value. */
export function formatEnv(variables: readonly EnvVariable[]): string {
  return variables.map(({ name, value }) => `${name}=${quoted(value)}\n`).join('')
}

function quoted(value: string): string {
  return /^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}

/** The mirror, if the variables for a mirror can describe it. They imply `dropImageRepo`, because KOTS makes such mirrors. */
function localRegistry({ registries, dropImageRepo }: Installation): HostedRegistry | undefined {
  return dropImageRepo && registries.components.kind !== 'public' ? registries.components : undefined
}

function mirrorVariables(installation: Installation): Variables {
  const { allowHosts } = installation
  const mirror = localRegistry(installation)
  if (mirror === undefined) return allowVariables(allowHosts)
  const host = hostOfAddress(mirror.address)
  const localHost = allowHosts.includes(host) ? host : allowHosts[0]!
  return {
    HAS_LOCAL_REGISTRY: '1',
    LOCAL_REGISTRY_ADDRESS: mirror.address,
    LOCAL_REGISTRY_HOST: localHost,
    IMAGE_PULL_SECRET_NAME: mirror.credentials.name,
    ...allowVariables(allowHosts.filter(other => ![localHost, DOCKER_HUB].includes(other))),
  }
}

/** Writes the allowed hosts as the keys of a docker config. The installer reads only the keys, and adds Docker Hub to every list. */
function allowVariables(hosts: readonly string[]): Variables {
  if (hosts.length === 0) return {}
  const others = hosts.filter(host => host !== DOCKER_HUB)
  const auths = (others.length === 0 ? hosts : others).map(host => `${JSON.stringify(host)}: ""`)
  return {
    REGISTRY_DOCKER_CONFIG_ENABLED: '1',
    REGISTRY_DOCKER_CONFIG_JSON: `{ "auths": { ${auths.join(', ')} } }`,
  }
}

function registryVariables({ registries }: Installation): Variables {
  const registry = registries['workspace-images']
  if (registry.kind !== 'in-cluster') {
    return {
      REGISTRY_INCLUSTER_ENABLED: '0',
      REGISTRY_URL: registry.address,
      REGISTRY_EXTERNAL_CERTIFICATE_NAME: registry.credentials.name,
    }
  }
  const { storage } = registry
  if (storage === undefined) return {}
  return {
    REGISTRY_INCLUSTER_ENABLED: '1',
    REGISTRY_INCLUSTER_STORAGE: 's3',
    REGISTRY_INCLUSTER_STORAGE_S3_REGION: storage.region,
    REGISTRY_INCLUSTER_STORAGE_S3_ENDPOINT: storage.endpoint,
    REGISTRY_INCLUSTER_STORAGE_S3_BUCKET_NAME: storage.bucket,
    REGISTRY_INCLUSTER_STORAGE_S3_CERTIFICATE_NAME: storage.credentials.name,
  }
}

function storageVariables(storage: ObjectStorage | undefined): Variables {
  switch (storage?.kind) {
    case undefined:
      return {}
    case 'in-cluster':
      return { STORE_PROVIDER: 'incluster' }
    case 's3':
      return {
        STORE_PROVIDER: 's3',
        STORE_REGION: storage.region,
        STORE_S3_ENDPOINT: storage.endpoint,
        STORE_S3_BUCKET: storage.bucket,
        STORE_S3_CREDENTIALS_NAME: storage.credentials.name,
      }
    case 'gcs':
      return {
        STORE_PROVIDER: 'gcp',
        STORE_REGION: storage.region,
        STORE_GCP_PROJECT: storage.project,
        STORE_GCP_SERVICE_ACCOUNT_NAME: storage.credentials.name,
      }
    case 'azure':
      return {
        STORE_PROVIDER: 'azure',
        STORE_REGION: storage.region,
        STORE_AZURE_CREDENTIALS_NAME: storage.credentials.name,
      }
  }
}

/** The installer reads these only if cert-manager does not give the certificates. */
function caVariables({ ca }: Installation): Variables {
  if (ca === undefined) return {}
  return { TLS_CUSTOM_CA_CRT_ENABLED: '1', TLS_CUSTOM_CA_CRT_CREDENTIALS_NAME: ca.name }
}

/** Writes the patch as JSON. JSON is YAML, and every reader of files with variables accepts a value on one line. */
function patchVariables(installation: Installation): Variables {
  const mirror = localRegistry(installation) === undefined ? ['repository', 'imagePullSecrets'] : []
  const fields = configPatch(installation, [...mirror, 'workspace.workspaceImage'])
  if (fields.length === 0) return {}
  return { ADVANCED_MODE_ENABLED: '1', CONFIG_PATCH: JSON.stringify(parse(writeConfig(fields))) }
}
