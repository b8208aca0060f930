import { parseReference, type Place, type ReadableRepository, type Reference } from '@gpreg/oci'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import type { LockedImage, Purpose } from '../image-set.ts'
import type { FileMention } from './mention.ts'

/** One mention of an image in one input, before mentions of the same image are folded. */
export interface FoundImage {
  readonly source: Reference
  /** The target name that the input gives. */
  readonly target?: Reference
  readonly purpose: Purpose
  readonly origins: readonly string[]
  readonly locked?: LockedImage
  readonly isTagNamed?: boolean
  /** Where the image is read if it is in no registry. */
  readonly place?: Place<ReadableRepository>
  /** Where a file of a workspace's repository names it. */
  readonly mention?: FileMention
}

/** The default base image of workspaces. */
export const DEFAULT_WORKSPACE_IMAGE = parseReference('docker.io/gitpod/workspace-full:latest')

/** The purpose of an image if its input does not tell one. Gitpod publishes its base images as `gitpod/workspace-*`. */
export function purposeOf({ host, repository }: Reference): Purpose {
  return host === DOCKER_HUB && repository.startsWith('gitpod/workspace-') ? 'workspace-base' : 'components'
}
