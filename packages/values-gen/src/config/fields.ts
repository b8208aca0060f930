import {
  hostOfAddress,
  type HostedRegistry,
  type ObjectStorage,
  type S3Bucket,
  type SecretRef,
} from '@gpreg/core'
import type { RuleCode } from '../check/rules.ts'
import type { Installation } from '../installation/installation.ts'

/** One field of `gitpod.config.yaml`. */
export interface Field {
  readonly path: readonly [string, ...string[]]
  readonly value: unknown
  /** The reason for the field, written above it as a comment. */
  readonly comment?: string
  /** The warning that the comment explains. `gpreg values check` does not report it. */
  readonly known?: RuleCode
  /** The entries are added to a list that the file already has. Without `merge`, the value replaces the list. */
  readonly merge?: true
}

/** For each field, the fields that contradict it. They are removed from the file, unless they are set as well. */
export const CONTRADICTIONS: Readonly<Record<string, readonly string[]>> = {
  repository: ['dropImageRepo'],
  'containerRegistry.inCluster': ['containerRegistry.external', 'containerRegistry.s3storage'],
  'objectStorage.inCluster': ['objectStorage.s3', 'objectStorage.cloudStorage', 'objectStorage.azure'],
}

/** The fields that the installer needs, in the order of its documentation, without its defaults. */
export function configFields(installation: Installation): Field[] {
  return [...fieldsOf(installation)]
}

function* fieldsOf(installation: Installation): Iterable<Field> {
  const { domain, registries, objectStorage, allowHosts, workspaceImage, ca } = installation
  yield { path: ['apiVersion'], value: 'v1' }
  if (domain !== undefined) yield { path: ['domain'], value: domain }
  yield* mirrorFields(installation)
  const { components, 'workspace-images': registry } = registries
  yield* registry.kind === 'in-cluster'
    ? inClusterFields(registry.storage, components.kind !== 'public')
    : hostedFields(registry, components)
  if (allowHosts.length > 0) {
    yield {
      path: ['containerRegistry', 'privateBaseImageAllowList'],
      value: allowHosts,
      merge: true,
      comment: 'Image builds send credentials to these hosts and no others. Hosts only, no paths.',
    }
  }
  if (objectStorage !== undefined) yield* storageFields(objectStorage)
  if (workspaceImage !== undefined) {
    yield {
      path: ['workspace', 'workspaceImage'],
      value: workspaceImage,
      comment: 'What workspaces start from where a repository names no image.',
    }
  }
  if (ca !== undefined) {
    yield {
      path: ['customCACert'],
      value: secretRef(ca),
      comment:
        'Not mounted by blobserve, and unknown to the nodes: they need it too (gpreg node-config --ca-file).',
      known: 'private-ca',
    }
  }
}

function* mirrorFields({ registries, dropImageRepo }: Installation): Iterable<Field> {
  const { components, 'workspace-images': registry } = registries
  if (components.kind === 'public') return
  yield {
    path: ['repository'],
    value: components.address,
    comment:
      'Every image that Gitpod itself runs is pulled from below this. Pods must reach it by https too, not only nodes.',
  }
  yield {
    path: ['imagePullSecrets'],
    value: [secretRef(components.credentials)],
    merge: true,
    comment: 'The nodes pull with this, and only they. It need only read.',
    ...(registry.kind === 'in-cluster' ? { known: 'facade-credentials' } : {}),
  }
  if (dropImageRepo) {
    yield {
      path: ['dropImageRepo'],
      value: true,
      comment: 'Images are looked for by their last name: a mirror made with --naming flat.',
      known: 'drop-image-repo',
    }
  }
}

const NEEDS_PATCH =
  'registry-facade and blobserve pull from the mirror with the Secret builtin-registry-auth, which the installer makes for this registry alone: add the mirror by `gpreg values patch` after each render.'

function* inClusterFields(storage: S3Bucket | undefined, mirrored: boolean): Iterable<Field> {
  yield {
    path: ['containerRegistry', 'inCluster'],
    value: true,
    ...(mirrored ? { comment: NEEDS_PATCH } : {}),
  }
  if (storage === undefined) return
  const { bucket, region, endpoint, credentials } = storage
  yield {
    path: ['containerRegistry', 's3storage'],
    value: { bucket, region, endpoint, certificate: secretRef(credentials) },
    comment: 'Keys of the Secret: s3AccessKey, s3SecretKey.',
  }
}

function* hostedFields(
  { address, credentials }: HostedRegistry,
  components: Installation['registries']['components'],
): Iterable<Field> {
  const hosts = new Set(
    [address, ...('address' in components ? [components.address] : [])].map(hostOfAddress),
  )
  yield { path: ['containerRegistry', 'inCluster'], value: false }
  yield {
    path: ['containerRegistry', 'external'],
    value: { url: address, certificate: secretRef(credentials) },
    comment: `A docker config with logins for ${[...hosts].join(' and ')}: it pushes workspace images, and registry-facade and blobserve pull everything with it.`,
  }
}

function* storageFields(storage: ObjectStorage): Iterable<Field> {
  if (storage.kind === 'in-cluster') {
    yield { path: ['objectStorage', 'inCluster'], value: true }
    return
  }
  yield { path: ['metadata', 'region'], value: storage.region, comment: 'Where the object storage is.' }
  yield { path: ['objectStorage', 'inCluster'], value: false }
  yield cloudStorageField(storage)
}

function cloudStorageField(storage: Exclude<ObjectStorage, { kind: 'in-cluster' }>): Field {
  const credentials = secretRef(storage.credentials)
  switch (storage.kind) {
    case 's3': {
      const { endpoint, bucket } = storage
      return {
        path: ['objectStorage', 's3'],
        value: { endpoint, credentials, ...(bucket === undefined ? {} : { bucket }) },
        comment: 'Keys of the Secret: accessKeyId, secretAccessKey.',
      }
    }
    case 'gcs':
      return {
        path: ['objectStorage', 'cloudStorage'],
        value: { project: storage.project, serviceAccount: credentials },
        comment: 'Key of the Secret: service-account.json.',
      }
    case 'azure':
      return {
        path: ['objectStorage', 'azure'],
        value: { credentials },
        comment: 'Keys of the Secret: accountName, accountKey.',
      }
  }
}

function secretRef({ name }: SecretRef): { kind: 'secret'; name: string } {
  return { kind: 'secret', name }
}
