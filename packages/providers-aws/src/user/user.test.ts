import { createContext } from '@gpreg/core'
import { memoryVault } from '@gpreg/core/provider'
import { describe, expect, it } from 'vitest'
import { createAwsProvider } from '../provider.ts'
import { bucketPolicy } from './policy.ts'
import { iamError, scriptedAws, xmlError, type SeenRequest } from '../testing/scripted-aws.ts'

const context = createContext({ sleep: async () => {} })
const member = (fields: Record<string, string>) =>
  `<member>${Object.entries(fields)
    .map(([key, value]) => `<${key}>${value}</${key}>`)
    .join('')}</member>`
const TAGS = [
  member({ Key: 'gpreg:managed', Value: 'true' }),
  member({ Key: 'gpreg:installation', Value: 'prod' }),
].join('')

/** An account with the user of the installation. What IAM answers to an action can be replaced. */
function account(answers: Readonly<Record<string, (form: URLSearchParams) => string>>) {
  const standard: typeof answers = {
    GetUser: () =>
      `<User><UserName>registry-user-prod</UserName><Arn>arn:aws:iam::1:user/x</Arn><Tags>${TAGS}</Tags></User>`,
    ListUserPolicies: () => `<PolicyNames><member>gpreg-registry-bucket</member></PolicyNames>`,
    ListAccessKeys: () =>
      `<AccessKeyMetadata>${member({ AccessKeyId: 'AKIA1', Status: 'Active' })}</AccessKeyMetadata>`,
    ...answers,
  }
  const done: string[] = []
  const aws = scriptedAws('us-east-1', ({ host, body }: SeenRequest) => {
    if (!host.startsWith('iam.')) return { status: 404, body: xmlError('NoSuchBucket') }
    const form = new URLSearchParams(body)
    const action = form.get('Action') ?? ''
    done.push(action)
    if (action === 'GetUserPolicy' && !(action in standard))
      return { status: 404, body: iamError('NoSuchEntity') }
    const result = standard[action]?.(form) ?? ''
    return {
      status: 200,
      body: `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
    }
  })
  const provider = createAwsProvider({
    installation: 'prod',
    region: 'us-east-1',
    vault: memoryVault(),
    clients: aws.clients,
  })
  return { provider, done }
}

describe('the removal of a user', () => {
  it.each([
    ['ListUserPolicies', '<PolicyNames><member>theirs</member></PolicyNames>', 'delete-user-policy'],
    [
      'ListAttachedUserPolicies',
      `<AttachedPolicies>${member({ PolicyArn: 'arn:aws:iam::aws:policy/X', PolicyName: 'X' })}</AttachedPolicies>`,
      'detach-user-policy --user-name registry-user-prod --policy-arn arn:aws:iam::aws:policy/X',
    ],
    ['ListGroupsForUser', `<Groups>${member({ GroupName: 'admins' })}</Groups>`, 'remove-user-from-group'],
  ])(
    'to whom somebody else gave rights (%s) is refused before anything is removed',
    async (action, answer, hint) => {
      const { provider, done } = account({ [action]: () => answer })
      const refused = { code: 'in-use', hint: expect.stringContaining(hint) }
      await expect(provider.changes(context, 'absent')).rejects.toMatchObject(refused)
      await expect(provider.destroy(context)).rejects.toMatchObject(refused)
      expect(done.filter(name => name.startsWith('Delete'))).toEqual([])
    },
  )

  it('takes its keys, its policy and the user', async () => {
    const { provider, done } = account({})
    await provider.destroy(context)
    expect(done.filter(name => name.startsWith('Delete'))).toEqual([
      'DeleteAccessKey',
      'DeleteUserPolicy',
      'DeleteUser',
    ])
  })
})

describe('a user with two keys', () => {
  const keys = (...ids: string[]) =>
    `<AccessKeyMetadata>${ids.map(AccessKeyId => member({ AccessKeyId, Status: 'Active', CreateDate: '2026-01-01T00:00:00Z' })).join('')}</AccessKeyMetadata>`
  const used = (uses: Readonly<Record<string, string>>) => (form: URLSearchParams) => {
    const at = uses[form.get('AccessKeyId') ?? '']
    const date = at === undefined ? '' : `<LastUsedDate>${at}T00:00:00Z</LastUsedDate>`
    return `<AccessKeyLastUsed>${date}<ServiceName>s3</ServiceName><Region>x</Region></AccessKeyLastUsed>`
  }

  it.each([
    ['the one that was never used', { AKIA1: '2026-11-01' }, 'AKIA2', 'was never used'],
    [
      'the one that was not used for longest',
      { AKIA1: '2026-11-01', AKIA2: '2026-02-01' },
      'AKIA2',
      'for longest',
    ],
    [
      'the first one if it is the older',
      { AKIA1: '2026-01-01', AKIA2: '2026-02-01' },
      'AKIA1',
      'for longest',
    ],
  ])('gets the advice to remove %s', async (_, uses, id, why) => {
    const { provider } = account({
      ListAccessKeys: () => keys('AKIA1', 'AKIA2'),
      GetAccessKeyLastUsed: used(uses),
    })
    const error = await provider.changes(context).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'limit-exceeded',
      hint: expect.stringContaining(`--access-key-id ${id}`),
    })
    expect((error as { hint: string }).hint).toContain(why)
  })
})

it.each(['theirs', 'reg-bucket-prod-2'])(
  'keeps its rights on the bucket %s, which a registry may use',
  async other => {
    const document = encodeURIComponent(JSON.stringify(bucketPolicy(other, 'aws')))
    const { provider, done } = account({
      GetUserPolicy: () => `<PolicyDocument>${document}</PolicyDocument>`,
    })
    await expect(provider.changes(context)).rejects.toMatchObject({
      code: 'usage',
      message: `the policy of registry-user-prod names the bucket ${other}, and would only name reg-bucket-prod`,
      hint: expect.stringContaining(`--bucket ${other}`),
    })
    expect(done).not.toContain('PutUserPolicy')
  },
)

it.each(['a b', 'x'.repeat(51), 'ä'])(
  'an installation %s is refused, because no user can be named so',
  installation => {
    expect(() => createAwsProvider({ installation, region: 'eu-west-1' })).toThrow(
      'cannot be the name of an IAM user',
    )
  },
)

it('the plan of a user has its tags', async () => {
  const aws = scriptedAws('us-east-1', ({ host }) =>
    host.startsWith('iam.')
      ? { status: 404, body: iamError('NoSuchEntity') }
      : { status: 404, body: xmlError('NoSuchBucket') },
  )
  const provider = createAwsProvider({ installation: 'prod', region: 'us-east-1', clients: aws.clients })
  const changes = await provider.changes(context)
  expect(changes.find(({ resource }) => resource === 'iam:user/registry-user-prod')?.reason).toContain(
    'gpreg:managed=true, gpreg:installation=prod',
  )
})
