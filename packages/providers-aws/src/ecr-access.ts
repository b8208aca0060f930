import { onFirstUse } from '@gpreg/core/provider'
import { type LoginSource, type RepositoryCreator, GpregError } from '@gpreg/oci'
import { quirksOf } from '@gpreg/oci/engine'
import type { EcrAccessOptions } from './ecr-login.ts'

/**
 * The region of a private registry of ECR, by its host `ACCOUNT.dkr.ecr[-fips].REGION.DOMAIN`; undefined for every other host.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 */
export function ecrRegion(host: string): string | undefined {
  if (quirksOf(host).kind !== 'ecr') return undefined
  return /\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(host)?.[1]
}

/** Logs in to ECR with an identity in AWS, and creates repositories, because a push to ECR does not. The SDK loads with the first call. */
export function createEcrAccess(
  host: string,
  options: EcrAccessOptions = {},
): LoginSource & RepositoryCreator {
  // Refused even if a region is given, because the login would go to the owner of that host.
  const found = ecrRegion(host)
  const region = options.region ?? found
  if (found === undefined || region === undefined) {
    throw new GpregError('usage', `${host} is no private registry of ECR`, {
      host,
      hint: 'a registry of ECR is ACCOUNT.dkr.ecr.REGION.amazonaws.com, or of another partition of AWS',
    })
  }
  const opened = onFirstUse(async () => {
    const { openEcrLogin } = await import('./ecr-login.ts')
    return openEcrLogin(host, { ...options, region })
  })
  return {
    login: async (...args) => (await opened()).login(...args),
    ensureRepository: async (...args) => (await opened()).ensureRepository(...args),
  }
}
