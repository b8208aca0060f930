import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { DeleteUserPolicyCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import type { CallLog, Fault } from '../calls.ts'
import { ADMIN, radosgwAdmin, type RadosGateway } from './radosgw.ts'

interface Key {
  readonly id: string
  readonly made: string
  status: 'Active' | 'Inactive'
}

interface User {
  readonly name: string
  readonly path: string
  readonly tags: Map<string, string>
  readonly policies: Map<string, string>
  readonly keys: Key[]
}

export interface IamServerOptions {
  readonly gateway: RadosGateway
  /** Key ids that may call. */
  readonly callers: readonly string[]
  readonly log: CallLog
  /** When a key was used last, in S3. */
  lastUse(id: string): Date | undefined
}

export interface IamServer extends AsyncDisposable {
  readonly endpoint: string
  readonly users: ReadonlyMap<string, User>
}

/** https://docs.aws.amazonaws.com/IAM/latest/APIReference/: what a caller did wrong */
class IamError {
  readonly status: number
  readonly code: string
  readonly message: string

  constructor(status: number, code: string, message: string) {
    this.status = status
    this.code = code
    this.message = message
  }
}

const XMLNS = 'https://iam.amazonaws.com/doc/2010-05-08/'
const READS = /^(Get|List)/

/**
 * Speaks IAM's query protocol. Users, keys and policies are made in the gateway, so a key given here works or is refused there for
 * real.
 */
export async function startIamServer(options: IamServerOptions): Promise<IamServer> {
  const { gateway, callers, log } = options
  const users = new Map<string, User>()
  // Several tests share the gateway, and each has names of its own.
  const prefix = randomBytes(3).toString('hex')
  const actions = iamActions(options, users, prefix)

  /** What it comes to, as XML; faults that come before the work are answered here, too. */
  const run = async (form: URLSearchParams, caller: string, fault: Fault | undefined) => {
    const action = form.get('Action') ?? ''
    if (!callers.some(id => caller.includes(`Credential=${id}/`)))
      throw new IamError(
        403,
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      )
    if (fault === 'refuse')
      throw new IamError(403, 'AccessDenied', `you are not authorized to perform: iam:${action}`)
    if (fault === 'throttle') throw new IamError(400, 'Throttling', 'Rate exceeded')
    const work = actions[action]
    if (work === undefined) throw new IamError(400, 'InvalidAction', `Could not find operation ${action}`)
    const result = await work(form)
    return `<${action}Response xmlns="${XMLNS}"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await text(request))
    const action = form.get('Action') ?? ''
    const { fault, done } = log.note({ name: `iam:${action}`, isWrite: !READS.test(action) })
    const [status, body] = await run(form, request.headers.authorization ?? '', fault).then(
      xml => [200, xml] as const,
      describeError,
    )
    done()
    if (fault === 'cut') return void response.destroy()
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body)
  }
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    users,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

type Actions = Readonly<Record<string, (form: URLSearchParams) => Promise<string>>>

function iamActions(
  { gateway, lastUse }: IamServerOptions,
  users: Map<string, User>,
  prefix: string,
): Actions {
  const policies = new IAMClient({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    credentials: ADMIN,
  })
  const uid = (user: User) => `${prefix}-${user.name}`
  const admin = (...args: string[]) => radosgwAdmin(gateway.conf, ...args)
  const put = (user: User, PolicyName: string, PolicyDocument: string) =>
    policies.send(new PutUserPolicyCommand({ UserName: uid(user), PolicyName, PolicyDocument }))
  /** `radosgw-admin key` writes the user anew, without its policies. */
  const changeKeys = async (user: User, ...args: string[]) => {
    await admin('key', ...args, `--uid=${uid(user)}`, '--key-type=s3')
    for (const [name, document] of user.policies) await put(user, name, document)
  }
  const userOf = (form: URLSearchParams): User => {
    const name = form.get('UserName') ?? ''
    const user = users.get(name.toLowerCase())
    if (user === undefined)
      throw new IamError(404, 'NoSuchEntity', `The user with name ${name} cannot be found.`)
    return user
  }
  const keyOf = (user: User, form: URLSearchParams): Key => {
    const id = form.get('AccessKeyId')
    const key = user.keys.find(one => one.id === id)
    if (key === undefined)
      throw new IamError(404, 'NoSuchEntity', `The Access Key with id ${id} cannot be found.`)
    return key
  }

  return {
    async CreateUser(form) {
      const name = form.get('UserName') ?? ''
      if (users.has(name.toLowerCase()))
        throw new IamError(409, 'EntityAlreadyExists', `User with name ${name} already exists.`)
      const user: User = {
        name,
        path: form.get('Path') ?? '/',
        tags: tagsIn(form),
        policies: new Map(),
        keys: [],
      }
      await admin('user', 'create', `--uid=${uid(user)}`, `--display-name=${name}`)
      users.set(name.toLowerCase(), user)
      return describeUser(user)
    },
    GetUser: async form => describeUser(userOf(form)),
    async TagUser(form) {
      for (const [key, value] of tagsIn(form)) userOf(form).tags.set(key, value)
      return ''
    },
    ListUserTags: async form => `<IsTruncated>false</IsTruncated>${describeTags(userOf(form))}`,
    async DeleteUser(form) {
      const user = userOf(form)
      if (user.keys.length + user.policies.size > 0)
        throw new IamError(
          409,
          'DeleteConflict',
          'Cannot delete entity, must delete access keys and policies first.',
        )
      await admin('user', 'rm', `--uid=${uid(user)}`)
      users.delete(user.name.toLowerCase())
      return ''
    },
    async PutUserPolicy(form) {
      const user = userOf(form)
      const [PolicyName, PolicyDocument] = [form.get('PolicyName') ?? '', form.get('PolicyDocument') ?? '']
      await put(user, PolicyName, PolicyDocument)
      user.policies.set(PolicyName, PolicyDocument)
      return ''
    },
    async GetUserPolicy(form) {
      const user = userOf(form)
      const name = form.get('PolicyName') ?? ''
      const document = user.policies.get(name)
      if (document === undefined)
        throw new IamError(404, 'NoSuchEntity', `The user policy with name ${name} cannot be found.`)
      return `<UserName>${user.name}</UserName><PolicyName>${name}</PolicyName><PolicyDocument>${encodeURIComponent(document)}</PolicyDocument>`
    },
    async DeleteUserPolicy(form) {
      const user = userOf(form)
      const PolicyName = form.get('PolicyName') ?? ''
      if (!user.policies.delete(PolicyName)) throw new IamError(404, 'NoSuchEntity', 'no such policy')
      await policies.send(new DeleteUserPolicyCommand({ UserName: uid(user), PolicyName }))
      return ''
    },
    async ListAccessKeys(form) {
      const user = userOf(form)
      const members = user.keys.map(
        ({ id, made, status }) =>
          `<member><UserName>${user.name}</UserName><AccessKeyId>${id}</AccessKeyId><Status>${status}</Status><CreateDate>${made}</CreateDate></member>`,
      )
      return `<IsTruncated>false</IsTruncated><AccessKeyMetadata>${members.join('')}</AccessKeyMetadata>`
    },
    async CreateAccessKey(form) {
      const user = userOf(form)
      if (user.keys.length >= 2)
        throw new IamError(409, 'LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2')
      const key: Key = {
        id: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
        made: new Date().toISOString(),
        status: 'Active',
      }
      const secret = randomBytes(20).toString('hex')
      await changeKeys(user, 'create', `--access-key=${key.id}`, `--secret-key=${secret}`)
      user.keys.push(key)
      return `<AccessKey><UserName>${user.name}</UserName><AccessKeyId>${key.id}</AccessKeyId><Status>Active</Status><SecretAccessKey>${secret}</SecretAccessKey><CreateDate>${key.made}</CreateDate></AccessKey>`
    },
    async GetAccessKeyLastUsed(form) {
      const used = lastUse(form.get('AccessKeyId') ?? '')
      const date = used === undefined ? '' : `<LastUsedDate>${used.toISOString()}</LastUsedDate>`
      const service = used === undefined ? 'N/A' : 's3'
      return `<AccessKeyLastUsed>${date}<Region>N/A</Region><ServiceName>${service}</ServiceName></AccessKeyLastUsed>`
    },
    async UpdateAccessKey(form) {
      keyOf(userOf(form), form).status = form.get('Status') === 'Active' ? 'Active' : 'Inactive'
      return ''
    },
    async DeleteAccessKey(form) {
      const user = userOf(form)
      const key = keyOf(user, form)
      await changeKeys(user, 'rm', `--access-key=${key.id}`)
      user.keys.splice(user.keys.indexOf(key), 1)
      return ''
    },
  }
}

function describeError(thrown: unknown): readonly [number, string] {
  const { status, code, message } =
    thrown instanceof IamError ? thrown : new IamError(500, 'ServiceFailure', String(thrown))
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escape(message)}</Message></Error>`
  return [status, `<ErrorResponse xmlns="${XMLNS}">${error}<RequestId>r</RequestId></ErrorResponse>`]
}

function tagsIn(form: URLSearchParams): Map<string, string> {
  const tags = new Map<string, string>()
  for (let at = 1; form.has(`Tags.member.${at}.Key`); at++)
    tags.set(form.get(`Tags.member.${at}.Key`)!, form.get(`Tags.member.${at}.Value`) ?? '')
  return tags
}

function describeUser(user: User): string {
  const arn = `arn:aws:iam::123456789012:user${user.path}${user.name}`
  return `<User><Path>${user.path}</Path><UserName>${user.name}</UserName><UserId>AIDA</UserId><Arn>${arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>${describeTags(user)}</User>`
}

function describeTags({ tags }: User): string {
  const members = [...tags].map(
    ([key, value]) => `<member><Key>${escape(key)}</Key><Value>${escape(value)}</Value></member>`,
  )
  return `<Tags>${members.join('')}</Tags>`
}

function escape(value: string): string {
  return value.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
