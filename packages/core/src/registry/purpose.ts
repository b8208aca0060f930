/**
 * What Gitpod uses a registry for: its own and third-party images; base images that workspaces start from; images that are
 * built for workspaces, the only ones that are pushed.
 */
export const PURPOSES = ['components', 'workspace-base', 'workspace-images'] as const

export type RegistryPurpose = (typeof PURPOSES)[number]
