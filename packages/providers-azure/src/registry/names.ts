import { createHash } from 'node:crypto'
import { GpregError } from '@gpreg/oci'

/** The values that the names of an installation's registry are derived from. */
export interface NameSeed {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly installation: string
}

/** Hexadecimal digits at the end of the name, as in Gitpod's Terraform modules: https://github.com/gitpod-io/gitpod/blob/main/install/infra/modules/aks/registry.tf */
const SUFFIX = 8

/**
 * Names for a registry, best first. Names are shared by all users of Azure, so some may be taken; the same seed always gives the
 * same names.
 */
export function namesFor({ subscriptionId, resourceGroup, installation }: NameSeed): string[] {
  // ARM ignores the case of subscriptions and resource groups.
  const seed = [subscriptionId.toLowerCase(), resourceGroup.toLowerCase(), installation].join('/')
  const digits = createHash('sha256').update(seed).digest('hex')
  const count = digits.length / SUFFIX
  return Array.from({ length: count }, (_, at) => `gitpod${digits.slice(at * SUFFIX, (at + 1) * SUFFIX)}`)
}

/** @throws `usage`. Capital letters are refused, too: ARM accepts them, but `az` does not, and image references have none. */
export function assertName(name: string): void {
  if (/^[a-z0-9]{5,50}$/.test(name)) return
  throw new GpregError('usage', `${name} cannot be the name of a container registry`, {
    hint: 'give 5 to 50 small letters and digits, without hyphens; not the login server',
  })
}

const MANAGED = 'gpreg-managed'
const INSTALLATION = 'gpreg-installation'

/** The tags on a registry that gpreg made, with its installation. */
export const tagsOf = (installation: string) => ({ [MANAGED]: 'true', [INSTALLATION]: installation })

interface Tagged {
  readonly tags?: Readonly<Record<string, string>>
}

/** Whether gpreg made the registry for this installation. */
export function isOurs({ tags = {} }: Tagged, installation: string): boolean {
  return tags[MANAGED] === 'true' && tags[INSTALLATION] === installation
}

/** The installation that the tags name; undefined if they name none. */
export const installationOf = ({ tags }: Tagged): string | undefined => tags?.[INSTALLATION]
