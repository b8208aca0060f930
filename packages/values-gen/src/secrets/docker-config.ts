import { addressOf, hostOfAddress, isSame } from '@gpreg/core'
import { type Login, Sensitive } from '@gpreg/oci'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import type { Installation } from '../installation/installation.ts'
import type { SecretValues } from './values.ts'

/** Logins by the key of a docker config. */
export type Logins = ReadonlyMap<string, Login>

/** The docker config of one registry. It contains the password, so it must become {@link Sensitive} at once. */
export interface AuthEntry {
  readonly username: string
  readonly password: string
  readonly auth: string
}

/**
 * A docker config. https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
 */
export function dockerConfig(logins: Logins): Sensitive {
  const auths = Object.fromEntries([...logins].map(([key, login]) => [key, authEntry(login)]))
  return new Sensitive(JSON.stringify({ auths }))
}

export function authEntry({ username, password }: Login): AuthEntry {
  const auth = Buffer.from(`${username}:${password.reveal()}`).toString('base64')
  return { username, password: password.reveal(), auth }
}

/**
 * The keys of a registry's entry in a docker config: its bare host, as image-builder and registry-facade look it up. Docker Hub
 * has three keys, because image-builder, registry-facade and kubelet each look it up by a different name.
 */
export function authKeys(host: string): string[] {
  return host === DOCKER_HUB ? [DOCKER_HUB, 'registry-1.docker.io', 'https://index.docker.io/v1/'] : [host]
}

/** The logins for the mirror and the workspace registry. If both are the same registry, a single login serves for both. */
export function loginsOf(
  { registries }: Installation,
  values: SecretValues,
): Pick<SecretValues, 'mirror' | 'registry'> {
  const { components, 'workspace-images': workspaceImages } = registries
  const single = isSame(components, workspaceImages)
  const mirror = values.mirror ?? (single ? values.registry : undefined)
  const registry = values.registry ?? (single ? values.mirror : undefined)
  return {
    ...(mirror === undefined || components.kind === 'public' ? {} : { mirror }),
    ...(registry === undefined || workspaceImages.kind === 'in-cluster' ? {} : { registry }),
  }
}

/**
 * The logins for the mirror and the workspace registry in one map, because registry-facade and blobserve have a single docker
 * config. If both are on the same host, the login of the workspace registry is used, because it may push; `secretManifests` warns
 * that it must be able to pull.
 */
export function pullLogins(installation: Installation, values: SecretValues): Logins {
  const { components, 'workspace-images': workspaceImages } = installation.registries
  const { mirror, registry } = loginsOf(installation, values)
  return new Map([...keyed(addressOf(components), mirror), ...keyed(addressOf(workspaceImages), registry)])
}

export function keyed(address: string | undefined, login: Login | undefined): [string, Login][] {
  if (address === undefined || login === undefined) return []
  return authKeys(hostOfAddress(address)).map(key => [key, login])
}
