import {
  CreateUserCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  PutUserPolicyCommand,
  type IAMClient,
  type User as IamUser,
} from '@aws-sdk/client-iam'
import { isDeepStrictEqual } from 'node:util'
import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { call, unless } from '../api/call.ts'
import { belongsTo, formatTags, hasTag, MANAGED, POLICY_NAME, USER_PATH } from '../names.ts'
import { bucketPolicy, bucketsOf, partitionOf } from './policy.ts'

export interface UserOptions {
  readonly iam: IAMClient
  readonly user: string
  readonly bucket: string
  readonly installation: string
}

export const ABSENT = ['NoSuchEntityException', 'NoSuchEntity']
const resourceOf = (user: string) => `iam:user/${user}`

/** The IAM user whose key the registry uses. */
export class RegistryUser implements Resource {
  readonly name: string
  readonly #options: UserOptions

  constructor(options: UserOptions) {
    this.name = resourceOf(options.user)
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { iam, user, installation } = this.#options
    if ((await findUser(this.#options, context)) !== undefined) return keep('is there')
    const Tags = [MANAGED, belongsTo(installation)]
    return {
      action: 'create',
      reason: `whose key the registry will use, tagged ${formatTags(Tags)}`,
      make: async () => {
        const about = { resource: this.name, permission: 'iam:CreateUser' }
        const command = new CreateUserCommand({ UserName: user, Path: USER_PATH, Tags })
        // The user may exist from an earlier attempt with a lost response.
        const there = ['EntityAlreadyExistsException', 'EntityAlreadyExists']
        await call(context, about, options => unless(there, iam.send(command, options)))
      },
    }
  }
}

/** The user's permissions: those that the registry's driver needs on the one bucket, and no others. */
export class UserPolicy implements Resource {
  readonly name: string
  readonly #options: UserOptions

  constructor(options: UserOptions) {
    this.name = `iam:policy/${options.user}/${POLICY_NAME}`
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { iam, user, bucket } = this.#options
    const found = await findUser(this.#options, context)
    const wanted = bucketPolicy(bucket, partitionOf(found?.Arn))
    const there = found && (await this.#read(context))
    if (isDeepStrictEqual(there, wanted)) return keep('allows what the registry needs')
    this.#assertLosesNone(bucketsOf(there))
    return {
      action: there === undefined ? 'create' : 'update',
      reason: `allows what the registry needs with ${bucket}, and nothing else`,
      make: async () => {
        const about = { resource: this.name, permission: 'iam:PutUserPolicy' }
        const PolicyDocument = JSON.stringify(wanted)
        const command = new PutUserPolicyCommand({ UserName: user, PolicyName: POLICY_NAME, PolicyDocument })
        await call(context, about, options => iam.send(command, options))
      },
    }
  }

  /** Refuses to take the rights on another bucket away: a registry that runs would no longer reach its blobs. */
  #assertLosesNone(buckets: readonly string[]): void {
    const { user, bucket } = this.#options
    const other = buckets.find(one => one !== bucket)
    if (other === undefined) return
    throw new GpregError(
      'usage',
      `the policy of ${user} names the bucket ${other}, and would only name ${bucket}`,
      {
        resource: this.name,
        hint: `give --bucket ${other} to go on with it; or, if nothing uses that bucket with this user any more: aws iam delete-user-policy --user-name ${user} --policy-name ${POLICY_NAME}`,
      },
    )
  }

  /** The document is percent-encoded. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html */
  async #read(context: Context): Promise<unknown> {
    const { iam, user } = this.#options
    const about = { resource: this.name, permission: 'iam:GetUserPolicy' }
    const command = new GetUserPolicyCommand({ UserName: user, PolicyName: POLICY_NAME })
    const answer = await call(context, about, options => unless(ABSENT, iam.send(command, options)))
    return parseDocument(answer?.PolicyDocument)
  }
}

/** The absence of the user and its policy. Its keys must be removed before. */
export class UserRemoval implements Resource {
  readonly name: string
  readonly #options: UserOptions

  constructor(options: UserOptions) {
    this.name = resourceOf(options.user)
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { iam, user } = this.#options
    const found = await lookUpUser(this.#options, context)
    if (found === undefined) return keep('is not there')
    if (!isOurs(found, this.#options)) return keep('gpreg did not make it')
    return {
      action: 'delete',
      reason: 'gpreg made it',
      make: async () => {
        const policy = { resource: this.name, permission: 'iam:DeleteUserPolicy' }
        const forget = new DeleteUserPolicyCommand({ UserName: user, PolicyName: POLICY_NAME })
        await call(context, policy, options => unless(ABSENT, iam.send(forget, options)))
        const about = { resource: this.name, permission: 'iam:DeleteUser' }
        const command = new DeleteUserCommand({ UserName: user })
        await call(context, about, options => unless(ABSENT, iam.send(command, options)))
      },
    }
  }
}

/** Whether gpreg made the user for this installation. */
export function isOurs({ Tags }: IamUser, { installation }: Pick<UserOptions, 'installation'>): boolean {
  return hasTag(Tags, MANAGED) && hasTag(Tags, belongsTo(installation))
}

export async function lookUpUser(
  { iam, user }: Pick<UserOptions, 'iam' | 'user'>,
  context: Context,
): Promise<IamUser | undefined> {
  const about = { resource: resourceOf(user), permission: 'iam:GetUser' }
  const command = new GetUserCommand({ UserName: user })
  const answer = await call(context, about, options => unless(ABSENT, iam.send(command, options)))
  return answer?.User
}

/**
 * The installation's user; undefined if it is missing.
 * @throws `name-taken` if a user of that name does not belong to the installation
 */
async function findUser(options: UserOptions, context: Context): Promise<IamUser | undefined> {
  const { user, installation } = options
  const found = await lookUpUser(options, context)
  if (found === undefined || hasTag(found.Tags, belongsTo(installation))) return found
  throw new GpregError('name-taken', `the IAM user ${user} is there, and gpreg did not make it`, {
    resource: resourceOf(user),
    hint: `choose another --installation; or, if it may be used: aws iam tag-user --user-name ${user} --tags Key=gpreg:installation,Value=${installation}`,
  })
}

function parseDocument(text: string | undefined): unknown {
  try {
    return text && JSON.parse(decodeURIComponent(text))
  } catch {
    return {}
  }
}
