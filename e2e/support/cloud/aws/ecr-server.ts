import type { CallLog } from '../calls.ts'
import { ApiError } from '../api-error.ts'
import { startApiServer, type Actions, type ApiServer, type Protocol } from './api-server.ts'
import { ECR_ACCOUNT, ECR_HOST, ECR_REGION, type EcrAccount, type EcrRepository } from './ecr-account.ts'

export interface EcrServerOptions {
  readonly account: EcrAccount
  /** Ids of the access keys that may call. */
  readonly callers: readonly string[]
  readonly log: CallLog
}

interface Input {
  readonly repositoryName?: string
  readonly repositoryNames?: readonly string[]
  readonly imageTagMutability?: string
  readonly tags?: EcrRepository['tags']
}

/**
 * Requests and answers are JSON, and a header names the action:
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
const PROTOCOL: Protocol<Input, object> = {
  service: 'ecr',
  contentType: 'application/x-amz-json-1.1',
  errors: {
    refused: [400, 'AccessDeniedException'],
    throttled: [400, 'ThrottlingException'],
    stranger: [400, 'UnrecognizedClientException'],
    failed: [500, 'ServerException'],
  },
  read: ({ headers }, body) => ({
    action: /^AmazonEC2ContainerRegistry_V20150921\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1] ?? '',
    input: JSON.parse(body || '{}') as Input,
  }),
  write: (_action, output) => JSON.stringify(output),
  writeError: ({ code, message }) => JSON.stringify({ __type: code, message }),
}

/** `com.amazonaws.ecr#RepositoryName` */
const NAME = /^(?=.{2,256}$)(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/

/** Starts the part of ECR that issues logins and creates repositories. */
export function startEcrServer({ account, ...options }: EcrServerOptions): Promise<ApiServer> {
  return startApiServer({ ...options, protocol: PROTOCOL, actions: ecrActions(account) })
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html */
function ecrActions(account: EcrAccount): Actions<Input, object> {
  const { repositories } = account
  const existing = (name: string): EcrRepository => {
    const repository = repositories.get(name)
    if (repository === undefined)
      throw new ApiError(400, 'RepositoryNotFoundException', account.missing(name))
    return repository
  }
  return {
    async GetAuthorizationToken() {
      const { password, expiresAt } = account.issue()
      const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64')
      const proxyEndpoint = `https://${ECR_HOST}`
      return { authorizationData: [{ authorizationToken, expiresAt: expiresAt / 1000, proxyEndpoint }] }
    },
    async CreateRepository({ repositoryName = '', imageTagMutability = 'MUTABLE', tags = [] }) {
      if (!NAME.test(repositoryName))
        throw new ApiError(400, 'InvalidParameterException', `Invalid parameter at 'repositoryName'`)
      if (repositories.has(repositoryName)) {
        const message = `The repository with name '${repositoryName}' already exists in the registry with id '${ECR_ACCOUNT}'`
        throw new ApiError(400, 'RepositoryAlreadyExistsException', message)
      }
      const repository = { repositoryName, imageTagMutability, tags }
      repositories.set(repositoryName, repository)
      return { repository: describe(repository) }
    },
    async DescribeRepositories({ repositoryNames = [...repositories.keys()] }) {
      return { repositories: repositoryNames.map(name => describe(existing(name))) }
    },
  }
}

function describe({ repositoryName, imageTagMutability }: EcrRepository) {
  return {
    registryId: ECR_ACCOUNT,
    repositoryArn: `arn:aws:ecr:${ECR_REGION}:${ECR_ACCOUNT}:repository/${repositoryName}`,
    repositoryName,
    repositoryUri: `${ECR_HOST}/${repositoryName}`,
    imageTagMutability,
  }
}
