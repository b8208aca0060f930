/** The one place that knows the clouds. Each is loaded when it is wanted: their SDKs are large. */
import { getCACertificates } from 'node:tls'
import { readText } from '@gpreg/core'
import type { LoginSource, Side } from '@gpreg/oci'
import { quirksOf, type Clouds } from '@gpreg/oci/engine'

export const loadAws = () => import('@gpreg/provider-aws')
export const loadAzure = () => import('@gpreg/provider-azure')
export const loadGcp = () => import('@gpreg/provider-gcp')

/** Registries of clouds let this machine in by its identity there. */
export function createClouds(): Clouds {
  const known = new Map<string, Promise<LoginSource | undefined>>()
  return async (host, side) => {
    const key = `${side} ${host}`
    const access = known.get(key) ?? accessTo(host, side)
    known.set(key, access)
    return access
  }
}

async function accessTo(host: string, side: Side): Promise<LoginSource | undefined> {
  switch (quirksOf(host).kind) {
    case 'ecr':
      return (await loadAws()).createEcrAccess(host)
    case 'google':
      // Where images come from, everybody may read: looking for an identity would only cost time.
      return side === 'target' ? (await loadGcp()).createGoogleAccess() : undefined
    case 'acr':
      return (await loadAzure()).createAcrAccess()
    // Public registries of a cloud answer everybody, as any other registry does.
    case 'ecr-public':
    case 'generic':
      return undefined
  }
}

/** The usual authorities and those of a file, as the SDKs want them. */
export async function authorities(path: string | undefined): Promise<readonly string[] | undefined> {
  if (path === undefined) return undefined
  return [...getCACertificates('default'), await readText(path)]
}
