import { CreateRepositoryCommand, GetAuthorizationTokenCommand, type ECRClient } from '@aws-sdk/client-ecr'
import type { Context } from '@gpreg/core'
import { type LoginSource, type RepositoryCreator, type ShortLogin, GpregError, Sensitive } from '@gpreg/oci'
import { call, unless } from './api/call.ts'
import { createEcrClient, type AwsClientOptions } from './api/clients.ts'
import { MANAGED } from './names.ts'

export interface EcrAccessOptions extends Partial<AwsClientOptions> {
  /** default: one with the credentials that the SDK finds, in the region that the host names */
  readonly client?: ECRClient
}

/** The account in the name of a private registry. Without it, ECR would create repositories in the account of the caller. */
const accountOf = (host: string): string | undefined => /^\d{12}/.exec(host)?.[0]

/** The calls to ECR for one registry. @param host a private registry of ECR */
export async function openEcrLogin(
  host: string,
  options: EcrAccessOptions & AwsClientOptions,
): Promise<LoginSource & RepositoryCreator> {
  const client = options.client ?? (await createEcrClient(options))
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
