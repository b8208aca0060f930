import type { GpregError } from '@gpreg/oci'
import { quirksOf } from '@gpreg/oci/engine'

/** What lets a registry delete, if it has refused to. */
export function deletionHint(host: string, { subject: { status }, hint }: GpregError): string | undefined {
  switch (quirksOf(host).kind) {
    case 'ecr':
    case 'ecr-public':
      return 'the role needs ecr:BatchDeleteImage'
    case 'acr':
      return 'the identity needs the role AcrDelete'
    case 'google':
      return 'the account needs the role roles/artifactregistry.repoAdmin'
    default:
      if (status === 405)
        return `${host} deletes nothing: its operator sets storage.delete.enabled: true (CNCF distribution; REGISTRY_STORAGE_DELETE_ENABLED=true) and restarts it`
      if (status === 401 || status === 403)
        return `these credentials may not delete on ${host}, or something else still needs it; ask for the right to delete`
      return hint
  }
}

/** What frees the bytes of deleted content. */
export function garbageCollectionHint(host: string): string {
  switch (quirksOf(host).kind) {
    case 'ecr':
    case 'ecr-public':
    case 'acr':
    case 'google':
      return `${host} frees the bytes by itself, after a while`
    default:
      return (
        `the bytes are freed by the garbage collection of ${host}, while nothing is pushed: CNCF distribution with ` +
        'registry garbage-collect CONFIG, never with -m (--delete-untagged), which on version 2.x deletes the platforms of ' +
        'tagged images; gpreg serve with gpreg serve --gc DIR; others as their manuals say'
      )
  }
}
