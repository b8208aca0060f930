import { memoryVault, createContext } from '@gpreg/core'
import { describe, expect, it } from 'vitest'
import { createAwsProvider } from '../provider.ts'
import { scriptedAws, xmlError, type ScriptedAnswer, type SeenRequest } from '../testing/scripted-aws.ts'

/** Answers as S3 does. The bucket is missing until a request creates it. */
function emptyAccount(): (request: SeenRequest) => ScriptedAnswer {
  let exists = false
  return ({ method, query }) => {
    const setting = Object.keys(query).find(key => key !== 'x-id')
    if (method === 'PUT' && setting === undefined) exists = true
    if (method === 'PUT') return { status: 200 }
    if (!exists) return method === 'HEAD' ? { status: 404 } : { status: 404, body: xmlError('NoSuchBucket') }
    const absent: Record<string, string> = {
      tagging: 'NoSuchTagSet',
      publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
      encryption: 'ServerSideEncryptionConfigurationNotFoundError',
      lifecycle: 'NoSuchLifecycleConfiguration',
    }
    if (setting === 'versioning')
      return {
        status: 200,
        body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
      }
    return setting === undefined
      ? { status: 200 }
      : { status: 404, body: xmlError(absent[setting] ?? 'NotImplemented') }
  }
}

const context = createContext({ sleep: async () => {} })
const inRegion = (region: string, answer = emptyAccount()) => {
  const aws = scriptedAws(region, answer)
  const provider = createAwsProvider({
    installation: 'prod',
    region,
    bucket: 'blobs',
    clients: aws.clients,
    // These tests cover S3 only.
    withIam: false,
    vault: memoryVault({ registryStorage: { accessKeyId: 'AKIA', secretAccessKey: {} as never } }),
  })
  const put = (setting?: string) =>
    aws.seen.filter(
      ({ method, query }) => method === 'PUT' && Object.keys(query).find(key => key !== 'x-id') === setting,
    )
  return { provider, put, seen: aws.seen }
}

describe('a bucket of AWS', () => {
  it.each([
    ['us-east-1', 's3.us-east-1.amazonaws.com', undefined],
    ['eu-west-1', 's3.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['cn-north-1', 's3.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['us-gov-west-1', 's3.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['eusc-de-east-1', 's3.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
  ])(
    'in %s is created at the endpoint of its region, with a location constraint except in us-east-1',
    async (region, host, constraint) => {
      const { provider, put } = inRegion(region)
      await provider.apply(context)
      const [request] = put()
      expect(request?.host).toContain(host)
      expect(request?.body.includes('LocationConstraint')).toBe(constraint !== undefined)
      if (constraint !== undefined) expect(request?.body).toContain(`<LocationConstraint>${constraint}<`)
      expect(await provider.describe(context)).toMatchObject({
        kind: 'aws',
        region,
        bucket: 'blobs',
        registryEndpoint: host,
      })
    },
  )

  it('accepts the ACLs that the driver of the registry sends, and blocks public ACLs', async () => {
    const { provider, put } = inRegion('eu-west-1')
    await provider.apply(context)
    expect(put()[0]?.headers['x-amz-object-ownership']).toBe('BucketOwnerPreferred')
    const [block] = put('publicAccessBlock')
    expect(block?.body.match(/>true</g)).toHaveLength(4)
    expect(put('encryption')[0]?.body).toContain('<SSEAlgorithm>AES256<')
  })

  it('removes broken-off uploads and old versions, only below the directory of the registry', async () => {
    const { provider, put } = inRegion('eu-west-1')
    await provider.apply(context)
    const body = put('lifecycle')[0]?.body ?? ''
    expect(body.match(/<Prefix>docker\/registry\/v2\/<\/Prefix>/g)).toHaveLength(2)
    expect(body).toContain('<DaysAfterInitiation>1<')
    expect(body).toContain('<NoncurrentDays>7<')
  })

  it('keeps the rules and tags that it has', async () => {
    const answers = emptyAccount()
    const { provider, put } = inRegion('eu-west-1', request => {
      if (request.method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'eu-west-1' } }
      if (request.method === 'GET' && 'tagging' in request.query)
        return {
          status: 200,
          body: '<Tagging><TagSet><Tag><Key>cost</Key><Value>7</Value></Tag></TagSet></Tagging>',
        }
      if (request.method === 'GET' && 'lifecycle' in request.query)
        return {
          status: 200,
          body: '<LifecycleConfiguration><Rule><ID>theirs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>',
        }
      if (request.method === 'GET' && 'encryption' in request.query)
        return {
          status: 200,
          body: '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
        }
      return answers(request)
    })
    await provider.apply(context)
    expect(put()).toHaveLength(0)
    expect(put('encryption')).toHaveLength(0)
    expect(put('tagging')[0]?.body).toContain('<Key>cost</Key>')
    expect(put('tagging')[0]?.body).not.toContain('gpreg:managed')
    expect(put('lifecycle')[0]?.body).toContain('<ID>theirs</ID>')
    expect(put('lifecycle')[0]?.body).toContain('<Days>9</Days>')
  })

  it('in another region is an error that names the region', async () => {
    const { provider } = inRegion('eu-west-1', () => ({
      status: 200,
      headers: { 'x-amz-bucket-region': 'us-west-2' },
    }))
    await expect(provider.changes(context)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--region us-west-2'),
    })
  })

  it('of another account is an error that names the permission', async () => {
    const { provider } = inRegion('eu-west-1', ({ method }) => ({ status: method === 'HEAD' ? 403 : 200 }))
    await expect(provider.changes(context)).rejects.toMatchObject({
      code: 'forbidden',
      subject: { permission: 's3:ListBucket' },
      hint: expect.stringContaining('--bucket'),
    })
  })

  it('is an error if its name is taken between the look-up and the creation', async () => {
    const answers = emptyAccount()
    const { provider } = inRegion('us-east-1', request =>
      request.method === 'PUT' ? { status: 409, body: xmlError('BucketAlreadyExists') } : answers(request),
    )
    await expect(provider.apply(context)).rejects.toMatchObject({
      code: 'name-taken',
      hint: expect.stringContaining('--bucket'),
    })
  })
})
