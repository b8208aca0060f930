import { hostOfAddress, isSame } from '@gpreg/core'
import { GpregError, Sensitive, type Login } from '@gpreg/oci'
import { stringify } from 'yaml'
import type { SecretRole } from '../installation/choice.ts'
import type { Installation } from '../installation/installation.ts'
import type { SecretValues } from './values.ts'
import { wantedSecrets, type MissingSecret, type SecretType, type WantedSecret } from './wanted-secrets.ts'

export interface SecretManifest {
  readonly name: string
  readonly role: SecretRole
  readonly fileName: string
  readonly type: SecretType
  readonly yaml: Sensitive
}

export interface SecretSet {
  readonly manifests: readonly SecretManifest[]
  readonly missing: readonly MissingSecret[]
  readonly warnings: readonly string[]
}

/** The Secrets that the configuration names, as Kubernetes manifests, and a list of the Secrets without content. */
export function secretManifests(
  installation: Installation,
  values: SecretValues,
  { namespace }: { readonly namespace?: string } = {},
): SecretSet {
  const wanted = wantedSecrets(installation, values)
  return {
    manifests: foldNames(wanted.filter(({ data }) => data !== undefined)).map(secret =>
      manifest(secret, namespace),
    ),
    missing: wanted
      .filter(({ data }) => data === undefined)
      .map(({ name, role, why, flag }) => ({ name, role, why, flag })),
    warnings: warningsOf(installation, values),
  }
}

/** Merges Secrets of the same name: one Secret may serve two roles, such as pushing and pulling. For equal keys the first value wins. */
function foldNames(wanted: readonly WantedSecret[]): WantedSecret[] {
  const byName = new Map<string, WantedSecret>()
  for (const secret of wanted) {
    const known = byName.get(secret.name)
    if (known !== undefined && known.type !== secret.type) {
      throw new GpregError(
        'usage',
        `the Secret ${secret.name} cannot be a ${known.type} and ${secret.type}`,
        {
          hint: `name them apart: --secret-name ${known.role}=… --secret-name ${secret.role}=…`,
        },
      )
    }
    byName.set(secret.name, { ...secret, ...known, data: { ...secret.data, ...known?.data } })
  }
  return [...byName.values()]
}

function manifest(
  { name, role, type, data = {} }: WantedSecret,
  namespace: string | undefined,
): SecretManifest {
  const encoded = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value.reveal()).toString('base64'),
  ])
  const yaml = stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      type,
      data: Object.fromEntries(encoded),
    },
    { lineWidth: 0 },
  )
  return { name, role, fileName: `${name}.yaml`, type, yaml: new Sensitive(yaml) }
}

function isSameLogin(a: Login, b: Login): boolean {
  return a.username === b.username && a.password.reveal() === b.password.reveal()
}

function warningsOf({ registries }: Installation, { mirror, registry }: SecretValues): string[] {
  const { components, 'workspace-images': workspaceImages } = registries
  if (components.kind === 'public' || workspaceImages.kind === 'in-cluster') return []
  const host = hostOfAddress(components.address)
  const isSingle = isSame(components, workspaceImages)
  const only = 'one login was given for both'
  if (isSingle && mirror === undefined && registry !== undefined)
    return [
      `${components.credentials.name} can push to ${host} too: ${only}; --mirror-credentials may give one that only pulls`,
    ]
  if (isSingle && mirror !== undefined && registry === undefined)
    return [
      `the login that pulls from ${host} must be able to push workspace images too: ${only}, so ${components.credentials.name} can push`,
    ]
  const isSameHost = !isSingle && host === hostOfAddress(workspaceImages.address)
  if (isSameHost && mirror !== undefined && registry !== undefined && !isSameLogin(mirror, registry))
    return [
      `${workspaceImages.credentials.name} has room for one login to ${host}, which is the one that pushes: it must be able to pull from ${components.address} too, because registry-facade and blobserve pull with it`,
    ]
  return []
}
