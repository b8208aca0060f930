import { createContext } from '@gpreg/core'
import { describe, expect, it } from 'vitest'
import { createEcrAccess, ecrRegion } from './ecr-access.ts'
import { scriptedAws } from './testing/scripted-aws.ts'

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
const context = createContext({ sleep: async () => {} })
const json = (status: number, body: object) => ({
  status,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/x-amz-json-1.1' },
})

it.each([
  [HOST, 'eu-west-1'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['123456789012.dkr-ecr.us-west-2.on.aws', 'us-west-2'],
  ['registry.internal:5000', undefined],
  ['public.ecr.aws', undefined],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.attacker.com', undefined],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com.attacker.com', undefined],
])('the region of %s is %s', (host, region) => expect(ecrRegion(host)).toBe(region))

describe('ECR', () => {
  it('gives a login with its expiry date', async () => {
    const authorizationToken = Buffer.from('AWS:pass:word').toString('base64')
    const { ecr } = scriptedAws('eu-west-1', () =>
      json(200, { authorizationData: [{ authorizationToken, expiresAt: 1_700_000_000 }] }),
    )
    const { username, password, expiresAt } = await createEcrAccess(HOST, { client: ecr }).login(
      HOST,
      context,
    )
    expect([username, password.reveal(), expiresAt]).toEqual(['AWS', 'pass:word', 1_700_000_000_000])
  })

  it('creates a repository with mutable tags, and accepts a repository that exists', async () => {
    const { ecr, seen } = scriptedAws('eu-west-1', ({ body }) =>
      body.includes('"there"')
        ? json(400, { __type: 'RepositoryAlreadyExistsException', message: 'exists' })
        : json(200, { repository: {} }),
    )
    const access = createEcrAccess(HOST, { client: ecr })
    await access.ensureRepository('gitpod/server', context)
    await access.ensureRepository('there', context)
    expect(JSON.parse(seen[0]!.body)).toMatchObject({
      registryId: '123456789012',
      repositoryName: 'gitpod/server',
      imageTagMutability: 'MUTABLE',
    })
  })

  it('reports a refusal with the missing permission', async () => {
    const { ecr } = scriptedAws('eu-west-1', () =>
      json(400, { __type: 'AccessDeniedException', message: 'no' }),
    )
    await expect(createEcrAccess(HOST, { client: ecr }).ensureRepository('a', context)).rejects.toMatchObject(
      {
        code: 'forbidden',
        subject: { permission: 'ecr:CreateRepository' },
      },
    )
  })

  it('refuses a host without a region in its name', () => {
    expect(() => createEcrAccess('registry.internal')).toThrowError(
      expect.objectContaining({ code: 'usage' }),
    )
  })

  it('gives no login for a host that only looks like ECR, even if a region is given', () => {
    const lookAlike = '123456789012.dkr.ecr.eu-west-1.amazonaws.attacker.com'
    expect(() => createEcrAccess(lookAlike, { region: 'eu-west-1' })).toThrowError(
      expect.objectContaining({ code: 'usage' }),
    )
  })
})
