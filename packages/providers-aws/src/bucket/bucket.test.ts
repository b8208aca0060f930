import { createContext, type GpregEvent } from '@gpreg/core'
import { memoryVault } from '@gpreg/core/provider'
import { describe, expect, it } from 'vitest'
import { createAwsClients } from '../api/clients.ts'
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
      : { status: absent[setting] ? 404 : 501, body: xmlError(absent[setting] ?? 'NotImplemented') }
  }
}

const context = createContext({ sleep: async () => {} })
const inRegion = (region: string, answer = emptyAccount(), s3Endpoint?: string) => {
  const aws = scriptedAws(region, answer)
  const provider = createAwsProvider({
    installation: 'prod',
    region,
    bucket: 'blobs',
    ...(s3Endpoint === undefined ? {} : { s3Endpoint }),
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

  it('of another installation is an error, and is not changed', async () => {
    const body =
      '<Tagging><TagSet><Tag><Key>gpreg:installation</Key><Value>test</Value></Tag></TagSet></Tagging>'
    const { provider, seen } = inRegion('eu-west-1', existing('tagging', body))
    await expect(provider.apply(context)).rejects.toMatchObject({
      code: 'name-taken',
      message: 'the bucket blobs belongs to the installation test',
      hint: expect.stringContaining('--installation test'),
    })
    expect(seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([])
  })

  it.each(['Prod_1', 'a', 'x'.repeat(64), 'a..b', '10.0.0.1', '-a-'])(
    'called %s is refused before anything is made',
    async bucket => {
      const aws = scriptedAws('eu-west-1', emptyAccount())
      const where = { installation: 'prod', region: 'eu-west-1', bucket, withIam: false }
      const provider = createAwsProvider({ ...where, clients: aws.clients })
      await expect(provider.changes(context)).rejects.toMatchObject({ code: 'usage' })
    },
  )

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

/** A bucket that exists, with this answer to one query. */
function existing(query: string, body: string, status = 200): (request: SeenRequest) => ScriptedAnswer {
  const answers = emptyAccount()
  return request => {
    if (request.method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'eu-west-1' } }
    if (request.method === 'GET' && query in request.query) return { status, body }
    return answers(request)
  }
}

describe('the plan of a bucket', () => {
  const reasonOf = async (provider: ReturnType<typeof inRegion>['provider'], resource: string) =>
    (await provider.changes(context)).find(change => change.resource === resource)?.reason

  it('has every tag that is set later', async () => {
    const { provider, put } = inRegion('eu-west-1')
    const planned = await reasonOf(provider, 's3:bucket-tags/blobs')
    expect(planned).toBe('adds gpreg:installation=prod, gpreg:managed=true')
    const made = await provider.apply(context)
    expect(made.map(({ reason }) => reason)).toContain(planned)
    for (const tag of ['gpreg:installation', 'gpreg:managed'])
      expect(put('tagging')[0]?.body).toContain(`<Key>${tag}</Key>`)
  })

  it('says that rules of the first form are rewritten, because S3 takes no mixture', async () => {
    const rule = (id: string, place: string) =>
      `<Rule><ID>${id}</ID>${place}<Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>`
    const rules = [
      rule('old', '<Prefix>logs/</Prefix>'),
      rule('everywhere', '<Prefix></Prefix>'),
      rule('new', '<Filter><Prefix>tmp/</Prefix></Filter>'),
    ]
    const body = `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>`
    const { provider, put } = inRegion('eu-west-1', existing('lifecycle', body))
    expect(await reasonOf(provider, 's3:lifecycle/blobs')).toContain('writes 2 of them with filters')
    await provider.apply(context)
    const written = put('lifecycle')[0]!.body
    expect(
      written.match(/<Filter><Prefix>(logs\/|tmp\/|)<\/Prefix><\/Filter>|<Filter><Prefix ?\/><\/Filter>/g),
    ).toHaveLength(3)
    expect(written.replaceAll(/<Filter>.*?<\/Filter>/g, '')).not.toContain('<Prefix')
  })
})

/** The settings of a bucket, by the query of their requests. */
const SETTINGS = {
  tagging: { resource: 's3:bucket-tags/blobs', permission: 's3:PutBucketTagging' },
  publicAccessBlock: {
    resource: 's3:public-access-block/blobs',
    permission: 's3:PutBucketPublicAccessBlock',
  },
  encryption: { resource: 's3:encryption/blobs', permission: 's3:PutEncryptionConfiguration' },
  lifecycle: { resource: 's3:lifecycle/blobs', permission: 's3:PutLifecycleConfiguration' },
} as const

/** Applies twice to an S3 that answers so to every put of a setting. */
async function refusedTwice(answer: ScriptedAnswer, s3Endpoint?: string) {
  const answers = emptyAccount()
  const { provider, put } = inRegion(
    'eu-west-1',
    request =>
      request.method === 'PUT' && Object.keys(SETTINGS).some(query => query in request.query)
        ? answer
        : answers(request),
    s3Endpoint,
  )
  const events: GpregEvent[] = []
  const listening = createContext({ sleep: async () => {}, emit: event => events.push(event) })
  const tries = () => Object.keys(SETTINGS).map(query => put(query).length)
  const first = { changes: await provider.apply(listening), tries: tries() }
  const second = { changes: await provider.apply(listening), tries: tries() }
  return { first, second, warnings: events.filter(event => event.type === 'warning') }
}

const MALFORMED: ScriptedAnswer = {
  status: 400,
  body: xmlError('MalformedXML', 'At least one action is needed'),
}

describe('an S3 that is not of AWS', () => {
  it.each([
    ['501 NotImplemented', { status: 501, body: xmlError('NotImplemented') }],
    ['501 without a word', { status: 501 }],
    ['405 MethodNotAllowed', { status: 405, body: xmlError('MethodNotAllowed') }],
    ['400 MalformedXML', MALFORMED],
  ])(
    'and lacks a setting (%s) is used without it, which is said once; later runs do not ask',
    async (_, answer) => {
      const { first, second, warnings } = await refusedTwice(answer, 'https://s3.internal:9000')
      const lacking = [SETTINGS.tagging.resource, SETTINGS.lifecycle.resource]
      expect(
        first.changes
          .filter(({ reason }) => reason.startsWith('was refused'))
          .map(({ resource }) => resource),
      ).toEqual(lacking)
      expect(first.changes[0]).toMatchObject({ action: 'create' })
      expect(warnings.map(({ subject }) => subject?.resource)).toEqual(lacking)
      expect(second.changes.map(({ action }) => action)).toEqual(second.changes.map(() => 'keep'))
      expect(first.tries).toEqual([1, 0, 0, 1])
      expect(second.tries).toEqual(first.tries)
    },
  )

  it('and refuses for want of a permission is asked again by the next run', async () => {
    const { second } = await refusedTwice(
      { status: 403, body: xmlError('AccessDenied') },
      'https://s3.internal:9000',
    )
    expect(second.tries).toEqual([2, 0, 0, 2])
  })
})

describe('AWS itself, which has every setting', () => {
  it('names the permission that is missing for one, in a warning and in the change, and is asked again', async () => {
    const { first, second, warnings } = await refusedTwice({ status: 403, body: xmlError('AccessDenied') })
    for (const [at, { resource, permission }] of Object.values(SETTINGS).entries()) {
      const change = first.changes.find(one => one.resource === resource)
      expect(change).toMatchObject({
        action: 'keep',
        reason: `was refused for want of ${permission}; the registry works without it`,
      })
      expect(warnings[at]).toMatchObject({
        message: expect.stringContaining(`"Action":"${permission}"`),
        subject: { resource, permission },
      })
    }
    expect([first.tries, second.tries]).toEqual([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ])
  })

  it('is asked again after any other refusal, too', async () => {
    const { first, second, warnings } = await refusedTwice(MALFORMED)
    expect([first.tries, second.tries]).toEqual([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ])
    expect(warnings).toHaveLength(8)
  })
})

describe('the removal of a bucket', () => {
  it('of another name tells the bucket that gpreg made', async () => {
    const aws = scriptedAws('eu-west-1', emptyAccount())
    const vault = memoryVault({ journal: { begun: ['s3:bucket/custom'] } })
    const where = { installation: 'prod', region: 'eu-west-1', withIam: false }
    const [change] = await createAwsProvider({ ...where, vault, clients: aws.clients }).destroy(context)
    expect(change).toMatchObject({
      resource: 's3:bucket/reg-bucket-prod',
      reason: 'is not there; gpreg made custom, too: --bucket custom removes it',
    })
  })

  const version = '<Version><Key>a</Key><VersionId>1</VersionId></Version>'
  const marker = '<DeleteMarker><Key>a</Key><VersionId>2</VersionId></DeleteMarker>'

  it.each([
    ['objects or old versions', version, 'keep'],
    ['delete markers', marker, 'keep'],
    ['nothing', '', 'delete'],
  ])('with %s', async (_, content, action) => {
    const body = `<ListVersionsResult>${content}</ListVersionsResult>`
    const aws = scriptedAws('eu-west-1', existing('versions', body))
    const vault = memoryVault({ journal: { begun: ['s3:bucket/blobs'] } })
    const where = { installation: 'prod', region: 'eu-west-1', bucket: 'blobs', withIam: false }
    const provider = createAwsProvider({ ...where, vault, clients: aws.clients })
    const [change] = await provider.destroy(context)
    expect(change?.action).toBe(action)
    expect(aws.seen.some(({ method }) => method === 'DELETE')).toBe(action === 'delete')
    if (action === 'keep') expect(change?.reason).toContain('aws s3api delete-objects')
  })
})

it.each([
  's3.internal:9000',
  's3.internal',
  '//s3.internal',
  'ftp://s3.internal',
  'https://s3.internal/bucket',
  '',
])('the endpoint %j is a usage error', async s3Endpoint => {
  const refused = { code: 'usage', hint: expect.stringContaining('https://') }
  await expect(createAwsClients({ region: 'us-east-1', s3Endpoint })).rejects.toMatchObject(refused)
  const create = () => createAwsProvider({ installation: 'prod', region: 'us-east-1', s3Endpoint })
  expect(create).toThrow(expect.objectContaining(refused))
})

it.each([
  ['http://s3.internal:9000', 'http://s3.internal:9000', 2],
  ['https://s3.internal:9000/', 's3.internal:9000', 1],
])(
  'the endpoint %s is described as %s, and what the chart will do with it is said',
  async (s3Endpoint, address, notes) => {
    const { clients } = scriptedAws('us-east-1', emptyAccount())
    const provider = createAwsProvider({ installation: 'prod', region: 'us-east-1', s3Endpoint, clients })
    expect(await provider.describe(context)).toMatchObject({ registryEndpoint: address })
    const said = (await provider.notes(context)).filter(note => /secure: true|encrypt: true/.test(note))
    expect(said).toHaveLength(notes)
  },
)
