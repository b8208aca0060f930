import { createHash } from 'node:crypto'
import { GpregError } from '@gpreg/oci'

export interface Place {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly installation: string
}

/** Hexadecimal digits behind the name, as many as Gitpod's Terraform modules have: https://github.com/gitpod-io/gitpod/blob/main/install/infra/modules/aks/registry.tf */
const SUFFIX = 8

/**
 * Names for a registry, best first. Names are of the whole world, so others may have taken some; the same place always gets the
 * same ones.
 */
export function namesFor({ subscriptionId, resourceGroup, installation }: Place): string[] {
  // ARM makes no difference between small and capital letters in the first two.
  const place = [subscriptionId.toLowerCase(), resourceGroup.toLowerCase(), installation].join('/')
  const digits = createHash('sha256').update(place).digest('hex')
  return digits.match(new RegExp(`.{${SUFFIX}}`, 'g'))!.map(suffix => `gitpod${suffix}`)
}

/** @throws `usage`. Capital letters are taken by ARM, but not by `az`, and image references have none. */
export function assertName(name: string): void {
  if (/^[a-z0-9]{5,50}$/.test(name)) return
  throw new GpregError('usage', `${name} cannot be the name of a container registry`, {
    hint: 'give 5 to 50 small letters and digits, without hyphens; not the login server',
  })
}

const MANAGED = 'gpreg-managed'
const INSTALLATION = 'gpreg-installation'

/** On what gpreg made, and for whom. */
export const tagsOf = (installation: string) => ({ [MANAGED]: 'true', [INSTALLATION]: installation })

interface Tagged {
  readonly tags?: Readonly<Record<string, string>>
}

/** Whether gpreg made it for this installation. */
export function isOurs({ tags = {} }: Tagged, installation: string): boolean {
  return tags[MANAGED] === 'true' && tags[INSTALLATION] === installation
}

/** Whose it is by its tags, if anybody's. */
export const installationOf = ({ tags }: Tagged): string | undefined => tags?.[INSTALLATION]
