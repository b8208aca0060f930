import { randomBytes } from 'node:crypto'
import type { CallLog } from '../calls.ts'
import { ApiError } from '../api-error.ts'
import { startApiServer, type Actions, type ApiServer } from './api-server.ts'
import { GatewayIdentities } from './gateway-identities.ts'
import {
  describeTags,
  describeUser,
  element,
  IAM_PROTOCOL,
  list,
  tagsIn,
  type IamKey,
  type IamUser,
} from './iam-protocol.ts'
import type { RadosGateway } from './radosgw.ts'

export interface IamServerOptions {
  readonly gateway: RadosGateway
  /** Ids of the access keys that may call. */
  readonly callers: readonly string[]
  readonly log: CallLog
  /** Time of the last request to S3 with this key. */
  lastUse(id: string): Date | undefined
}

export interface IamServer extends ApiServer {
  /** users by lower-case name, because IAM refuses names that differ only in case */
  readonly users: ReadonlyMap<string, IamUser>
}

/**
 * Starts a fake IAM. It creates users, keys and policies in the S3 gateway, so that the gateway really accepts or refuses
 * its keys.
 */
export async function startIamServer(options: IamServerOptions): Promise<IamServer> {
  const users = new Map<string, IamUser>()
  const server = await startApiServer({
    ...options,
    protocol: IAM_PROTOCOL,
    actions: iamActions(options, users),
  })
  return { ...server, users }
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html */
function iamActions(
  { gateway, lastUse }: IamServerOptions,
  users: Map<string, IamUser>,
): Actions<URLSearchParams, string> {
  const identities = new GatewayIdentities(gateway)
  const userOf = (form: URLSearchParams): IamUser => {
    const name = form.get('UserName') ?? ''
    return users.get(name.toLowerCase()) ?? notFound(`user with name ${name}`)
  }
  const keyOf = (user: IamUser, form: URLSearchParams): IamKey => {
    const id = form.get('AccessKeyId') ?? ''
    return user.keys.find(one => one.id === id) ?? notFound(`Access Key with id ${id}`)
  }
  const policyOf = (user: IamUser, form: URLSearchParams): readonly [string, string] => {
    const name = form.get('PolicyName') ?? ''
    return [name, user.policies.get(name) ?? notFound(`user policy with name ${name}`)]
  }

  return {
    async CreateUser(form) {
      const name = form.get('UserName') ?? ''
      if (users.has(name.toLowerCase()))
        throw new ApiError(409, 'EntityAlreadyExists', `User with name ${name} already exists.`)
      const path = form.get('Path') ?? '/'
      const user: IamUser = { name, path, tags: tagsIn(form), policies: new Map(), keys: [] }
      await identities.add(user)
      users.set(name.toLowerCase(), user)
      return describeUser(user)
    },
    GetUser: async form => describeUser(userOf(form)),
    async TagUser(form) {
      for (const [key, value] of tagsIn(form)) userOf(form).tags.set(key, value)
      return ''
    },
    ListUserTags: async form => list('Tags', describeTags(userOf(form))),
    async DeleteUser(form) {
      const user = userOf(form)
      if (user.keys.length + user.policies.size > 0)
        throw new ApiError(
          409,
          'DeleteConflict',
          'Cannot delete entity, must delete access keys and policies first.',
        )
      await identities.remove(user)
      users.delete(user.name.toLowerCase())
      return ''
    },

    async PutUserPolicy(form) {
      const user = userOf(form)
      const [name, document] = [form.get('PolicyName') ?? '', form.get('PolicyDocument') ?? '']
      await identities.putPolicy(user, name, document)
      user.policies.set(name, document)
      return ''
    },
    async GetUserPolicy(form) {
      const user = userOf(form)
      const [PolicyName, document] = policyOf(user, form)
      const fields = { UserName: user.name, PolicyName, PolicyDocument: encodeURIComponent(document) }
      return Object.entries(fields)
        .map(([key, value]) => `<${key}>${value}</${key}>`)
        .join('')
    },
    async ListUserPolicies(form) {
      const names = [...userOf(form).policies.keys()]
      return list(
        'PolicyNames',
        names.map(name => `<member>${name}</member>`),
      )
    },
    async ListAttachedUserPolicies(form) {
      userOf(form)
      return list('AttachedPolicies', [])
    },
    async ListGroupsForUser(form) {
      userOf(form)
      return list('Groups', [])
    },
    async DeleteUserPolicy(form) {
      const user = userOf(form)
      const [name] = policyOf(user, form)
      await identities.deletePolicy(user, name)
      user.policies.delete(name)
      return ''
    },

    async ListAccessKeys(form) {
      const user = userOf(form)
      const members = user.keys.map(key => element('member', keyFields(user, key)))
      return list('AccessKeyMetadata', members)
    },
    async CreateAccessKey(form) {
      const user = userOf(form)
      if (user.keys.length >= 2)
        throw new ApiError(409, 'LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2')
      const key: IamKey = {
        id: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secret: randomBytes(20).toString('hex'),
        made: new Date().toISOString(),
        isActive: true,
      }
      await identities.admit(user, key)
      user.keys.push(key)
      return element('AccessKey', { ...keyFields(user, key), SecretAccessKey: key.secret })
    },
    async GetAccessKeyLastUsed(form) {
      const used = lastUse(form.get('AccessKeyId') ?? '')
      return element('AccessKeyLastUsed', {
        ...(used === undefined ? {} : { LastUsedDate: used.toISOString() }),
        Region: 'N/A',
        ServiceName: used === undefined ? 'N/A' : 's3',
      })
    },
    async UpdateAccessKey(form) {
      const user = userOf(form)
      const key = keyOf(user, form)
      const isActive = form.get('Status') === 'Active'
      // The gateway has no inactive keys: a key is removed there when it becomes inactive, and added again when it becomes
      // active.
      if (isActive && !key.isActive) await identities.admit(user, key)
      if (!isActive && key.isActive) await identities.expel(user, key)
      key.isActive = isActive
      return ''
    },
    async DeleteAccessKey(form) {
      const user = userOf(form)
      const key = keyOf(user, form)
      if (key.isActive) await identities.expel(user, key)
      user.keys.splice(user.keys.indexOf(key), 1)
      return ''
    },
  }
}

function keyFields(user: IamUser, { id, isActive, made }: IamKey) {
  const Status = isActive ? 'Active' : 'Inactive'
  return { UserName: user.name, AccessKeyId: id, Status, CreateDate: made }
}

function notFound(what: string): never {
  throw new ApiError(404, 'NoSuchEntity', `The ${what} cannot be found.`)
}
