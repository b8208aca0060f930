import { parseReference, type Reference } from '@gpreg/oci'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import type { LockedImage, Purpose } from '../image-set.ts'

/** One mention of an image in one input, before mentions of the same image are folded. */
export interface FoundImage {
  readonly source: Reference
  /** What the input itself calls it in the target. */
  readonly target?: Reference
  readonly purpose: Purpose
  readonly origins: readonly string[]
  readonly locked?: LockedImage
}

/** What workspaces start from where nothing else is said. */
export const DEFAULT_WORKSPACE_IMAGE = parseReference('docker.io/gitpod/workspace-full:latest')

/** What an image is for, where its input does not say: Gitpod publishes its base images as `gitpod/workspace-*`. */
export function purposeOf({ host, repository }: Reference): Purpose {
  return host === DOCKER_HUB && repository.startsWith('gitpod/workspace-') ? 'workspace-base' : 'components'
}
