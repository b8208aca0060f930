import { CreateRepositoryCommand, GetAuthorizationTokenCommand, type ECRClient } from '@aws-sdk/client-ecr'
import type { Context } from '@gpreg/core'
import { type LoginSource, type RepositoryCreator, type ShortLogin, GpregError, Sensitive } from '@gpreg/oci'
import { quirksOf } from '@gpreg/oci/engine'
import { call, unless } from './api/call.ts'
import { createEcrClient, type AwsClientOptions } from './api/clients.ts'
import { MANAGED } from './names.ts'

export interface EcrAccessOptions extends Partial<AwsClientOptions> {
  /** default: one with the credentials that the SDK finds, in the region that the host names */
  readonly client?: ECRClient
}

/**
 * The region of a private registry of ECR, by its host `ACCOUNT.dkr.ecr[-fips].REGION.DOMAIN`; undefined for every other host.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 */
export function ecrRegion(host: string): string | undefined {
  if (quirksOf(host).kind !== 'ecr') return undefined
  return /\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(host)?.[1]
}

/** The account in the name of a private registry. Without it, ECR would create repositories in the account of the caller. */
const accountOf = (host: string): string | undefined => /^\d{12}/.exec(host)?.[0]

/** Logs in to ECR with an identity in AWS, and creates repositories, because a push to ECR does not. */
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
  const client = options.client ?? createEcrClient({ ...options, region })
  return {
    /** The login lasts 12 hours. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
    async login(_host: string, context: Context): Promise<ShortLogin> {
      const about = { resource: `ecr:registry/${host}`, permission: 'ecr:GetAuthorizationToken' }
      const command = new GetAuthorizationTokenCommand({})
      const { authorizationData } = await call(context, about, sending => client.send(command, sending))
      const [given] = authorizationData ?? []
      const [, username, password] =
        /^([^:]+):(.+)$/s.exec(Buffer.from(given?.authorizationToken ?? '', 'base64').toString()) ?? []
      if (username === undefined || password === undefined)
        throw new GpregError('protocol', 'ECR gave no login', { resource: about.resource })
      const expiresAt = given?.expiresAt?.getTime() ?? context.now()
      return { username, password: new Sensitive(password), expiresAt }
    },
    async ensureRepository(name: string, context: Context): Promise<void> {
      const about = { resource: `ecr:repository/${name}`, permission: 'ecr:CreateRepository' }
      const command = new CreateRepositoryCommand({
        registryId: accountOf(host),
        repositoryName: name,
        imageTagMutability: 'MUTABLE',
        tags: [MANAGED],
      })
      await call(context, about, sending =>
        unless(['RepositoryAlreadyExistsException'], client.send(command, sending)),
      )
    },
  }
}
