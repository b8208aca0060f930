import type { GcpRegistry, RepositoryLocation } from './repository/repository-location.ts'

export interface NotesOptions {
  readonly where: RepositoryLocation
  readonly registry: GcpRegistry
  /** address of the service account; undefined if it was not given */
  readonly serviceAccount: string | undefined
  readonly hasKey: boolean
  readonly hasRepository: boolean
}

/** The steps that are left to a person: grant roles, and make a key. */
export function notesFor(options: NotesOptions): string[] {
  const { where, registry, serviceAccount = 'EMAIL', hasKey, hasRepository } = options
  const { project, location, repository } = where
  const member = `--member=serviceAccount:${serviceAccount}`
  // https://cloud.google.com/artifact-registry/docs/access-control
  const notes = [
    `roles of the object storage count for nothing in Artifact Registry: gcloud artifacts repositories add-iam-policy-binding ${repository} --project=${project} --location=${location} ${member} --role=roles/artifactregistry.writer`,
  ]
  if (registry === 'gcr' && !hasRepository) {
    notes.push(
      `where the repository cannot be made beforehand, the first push makes it: gcloud projects add-iam-policy-binding ${project} ${member} --role=roles/artifactregistry.createOnPushWriter`,
    )
  }
  if (!hasKey) {
    notes.push(
      `Gitpod pushes and pulls with the key of that service account: gcloud iam service-accounts keys create key.json --project=${project} --iam-account=${serviceAccount} (the policy iam.disableServiceAccountKeyCreation of an organisation may forbid it), then give --service-account-key key.json`,
    )
  }
  return notes
}
