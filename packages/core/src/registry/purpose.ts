/**
 * The purposes for which Gitpod uses a registry. `components`: Gitpod's own and third-party images; `workspace-base`: images that
 * workspaces start from; `workspace-images`: images that Gitpod builds for workspaces, the only ones that Gitpod pushes.
 */
export const PURPOSES = ['components', 'workspace-base', 'workspace-images'] as const

export type RegistryPurpose = (typeof PURPOSES)[number]
