import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startAwsCloud, type AwsCloud } from '../support/cloud/aws/aws-cloud.ts'
import { awsCli, type AwsCliRun } from '../support/cloud/aws/aws-cli.ts'
import { startEcrCloud, type EcrCloud } from '../support/cloud/aws/ecr-cloud.ts'
import { createUser, radosgwAdmin, type AccessKey } from '../support/cloud/aws/radosgw.ts'
import { isolatedEnvironment } from '../support/gpreg.ts'
import { makeImage, makeLayer, sha256 } from '../support/images.ts'
import { runProcess } from '../support/process.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream } from '../support/upstream.ts'

/** Tests the fakes with clients of other authors, so that the fakes do not fit gpreg only. */

describe.skipIf(needs('aws', 'radosgw'))('IAM, to the AWS CLI', () => {
  let cloud: AwsCloud
  let directory: TemporaryDirectory
  const iam = (...args: string[]) => awsCli({ endpoint: cloud.iam }, 'iam', ...args)
  const s3 = (key: AccessKey | undefined, ...args: string[]) =>
    awsCli({ endpoint: cloud.s3, ...(key ? { key } : {}) }, 's3api', ...args)

  beforeAll(async () => {
    cloud = await startAwsCloud(inject('gateway')!)
    directory = await temporaryDirectory()
  })
  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]()
    await directory?.[Symbol.asyncDispose]()
  })

  /** The status that S3 answered. The AWS CLI crashes on errors without a message, which the gateway sends. */
  const statusOf = async (run: Promise<AwsCliRun>) => {
    await run
    return cloud.front.exchanges.at(-1)?.status
  }

  /** Makes a user with access to one bucket, by a policy document that AWS accepts. */
  const userOf = async (name: string, bucket: string) => {
    const made = await iam(
      ...['create-user', '--user-name', name, '--path', '/gpreg/', '--tags', 'Key=gpreg:managed,Value=a&b'],
    )
    await s3(undefined, 'create-bucket', '--bucket', bucket).then(run => run.json())
    const document = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: [`arn:aws:s3:::${bucket}/*`],
        },
      ],
    }
    const policy = ['--user-name', name, '--policy-name', 'registry']
    await iam('put-user-policy', ...policy, '--policy-document', JSON.stringify(document)).then(run =>
      run.json(),
    )
    return { user: made.json().User, document, policy }
  }
  const createKey = async (name: string): Promise<AccessKey> => {
    const { AccessKey } = (await iam('create-access-key', '--user-name', name)).json()
    return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
  }

  it('gives keys that open one bucket and no other, until they are deleted', async () => {
    const [bucket, other] = ['fakes-own', 'fakes-other']
    await s3(undefined, 'create-bucket', '--bucket', other).then(run => run.json())
    await userOf('writer', bucket)
    const key = await createKey('writer')
    const file = directory.join('object')
    await writeFile(file, 'the object')
    const put = (into: string) => s3(key, 'put-object', '--bucket', into, '--key', 'o', '--body', file)
    expect(await statusOf(put(bucket))).toBe(200)
    await s3(key, 'get-object', '--bucket', bucket, '--key', 'o', directory.join('got')).then(run =>
      expect(run.json().ContentLength).toBe('the object'.length),
    )
    expect(await statusOf(put(other))).toBe(403)
    expect(await statusOf(s3(key, 'get-bucket-versioning', '--bucket', bucket))).toBe(403)

    const state = (status: string) =>
      iam(
        ...['update-access-key', '--user-name', 'writer', '--access-key-id', key.accessKeyId],
        ...['--status', status],
      )
    await state('Inactive').then(run => run.json())
    expect(await statusOf(put(bucket))).toBe(403)
    await state('Active').then(run => run.json())
    expect(await statusOf(put(bucket))).toBe(200)

    const second = await createKey('writer')
    const removed = ['--user-name', 'writer', '--access-key-id', key.accessKeyId]
    await iam('delete-access-key', ...removed).then(run => run.json())
    expect(await statusOf(put(bucket))).toBe(403)
    // The policy survives the change of keys.
    expect((await s3(second, 'head-object', '--bucket', bucket, '--key', 'o')).json()).toHaveProperty('ETag')
  })

  it('lists what was created, and deletes nothing that is in use', async () => {
    const { user, document, policy } = await userOf('reader', 'fakes-reader')
    expect(user).toMatchObject({
      UserName: 'reader',
      Path: '/gpreg/',
      Arn: 'arn:aws:iam::123456789012:user/gpreg/reader',
    })
    const name = ['--user-name', 'reader']
    await iam('tag-user', ...name, '--tags', 'Key=more,Value=1').then(run => run.json())
    expect((await iam('list-user-tags', ...name)).json().Tags).toEqual([
      { Key: 'gpreg:managed', Value: 'a&b' },
      { Key: 'more', Value: '1' },
    ])
    expect((await iam('create-user', '--user-name', 'READER')).code).toBe('EntityAlreadyExists')
    expect((await iam('get-user', '--user-name', 'Reader')).json().User.UserName).toBe('reader')
    expect((await iam('get-user', '--user-name', 'nobody')).code).toBe('NoSuchEntity')
    expect((await iam('get-user-policy', ...policy)).json().PolicyDocument).toEqual(document)
    expect((await iam('list-user-policies', ...name)).json().PolicyNames).toEqual(['registry'])
    const malformed = await iam('put-user-policy', ...policy, '--policy-document', '{"Statement":[]')
    expect(malformed.code).toBe('MalformedPolicyDocument')

    const { accessKeyId } = await createKey('reader')
    await createKey('reader')
    expect((await iam('create-access-key', ...name)).code).toBe('LimitExceeded')
    const listed = (await iam('list-access-keys', ...name)).json().AccessKeyMetadata
    expect(listed).toMatchObject([{ AccessKeyId: accessKeyId, Status: 'Active' }, { Status: 'Active' }])
    const used = await iam('get-access-key-last-used', '--access-key-id', accessKeyId)
    expect(used.json().AccessKeyLastUsed).toEqual({ Region: 'N/A', ServiceName: 'N/A' })

    expect((await iam('delete-user', ...name)).code).toBe('DeleteConflict')
    for (const { AccessKeyId } of listed)
      await iam('delete-access-key', ...name, '--access-key-id', AccessKeyId).then(run => run.json())
    expect((await iam('delete-user', ...name)).code).toBe('DeleteConflict')
    await iam('delete-user-policy', ...policy).then(run => run.json())
    await iam('delete-user', ...name).then(run => run.json())
    expect((await iam('get-user', ...name)).code).toBe('NoSuchEntity')
  })

  it('checks the caller, refuses, throttles, and breaks off after a call took effect', async () => {
    const stranger = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }
    const asked = await awsCli({ endpoint: cloud.iam, key: stranger }, 'iam', 'list-access-keys')
    expect(asked.code).toBe('InvalidClientTokenId')
    cloud.log.faults(() => 'refuse')
    expect((await iam('get-user', '--user-name', 'x')).code).toBe('AccessDenied')
    cloud.log.faults(() => 'throttle')
    expect((await iam('get-user', '--user-name', 'x')).code).toBe('Throttling')
    cloud.log.faults(() => 'cut')
    const cut = await iam('create-user', '--user-name', 'lost')
    cloud.log.clear()
    expect([cut.stdout, cut.code]).toEqual(['', undefined])
    expect((await iam('get-user', '--user-name', 'lost')).json().User.UserName).toBe('lost')
    expect(cloud.log.calls).toEqual([{ name: 'iam:GetUser', isWrite: false }])
  })

  it('leaves the users of the gateway itself alone', async () => {
    const { conf, endpoint } = inject('gateway')!
    const key = { accessKeyId: 'AKIAOWN', secretAccessKey: 'own' }
    await createUser(conf, { uid: 'own', key })
    await awsCli({ endpoint, key }, 's3api', 'create-bucket', '--bucket', 'fakes-direct').then(run =>
      run.json(),
    )
    expect(JSON.parse(await radosgwAdmin(conf, 'bucket', 'list', '--uid=own'))).toEqual(['fakes-direct'])
  })
})

describe.skipIf(needs('aws', 'docker-registry', 'skopeo', 'openssl'))('ECR', () => {
  let cloud: EcrCloud
  let directory: TemporaryDirectory
  const image = makeImage([makeLayer('layer', 100_000)])
  const ecr = (...args: string[]) => awsCli({ endpoint: cloud.endpoint, region: 'eu-west-1' }, 'ecr', ...args)
  const create = (name: string) => ecr('create-repository', '--repository-name', name)

  beforeAll(async () => {
    cloud = await startEcrCloud()
    directory = await temporaryDirectory()
  })
  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]()
    await directory?.[Symbol.asyncDispose]()
  })

  it('creates and lists repositories with the AWS CLI', async () => {
    expect((await create('gitpod/server')).json().repository).toMatchObject({
      repositoryName: 'gitpod/server',
      repositoryUri: `${cloud.host}/gitpod/server`,
      imageTagMutability: 'MUTABLE',
    })
    expect((await create('gitpod/server')).code).toBe('RepositoryAlreadyExistsException')
    expect((await create('Gitpod')).code).toBe('InvalidParameterException')
    const found = await ecr('describe-repositories', '--repository-names', 'gitpod/server')
    expect(found.json().repositories).toMatchObject([{ repositoryName: 'gitpod/server' }])
    const missing = await ecr('describe-repositories', '--repository-names', 'gitpod/none')
    expect(missing.code).toBe('RepositoryNotFoundException')
    cloud.log.faults(() => 'refuse')
    expect((await create('x/y')).code).toBe('AccessDeniedException')
    cloud.log.faults(() => 'throttle')
    expect((await create('x/y')).code).toBe('ThrottlingException')
    cloud.log.clear()
    expect(cloud.account.repositories.has('x/y')).toBe(false)
  })

  it('accepts a push of skopeo with the login of the AWS CLI if the repository exists', async () => {
    await using upstream = await startUpstream()
    await upstream.add('server:1', image)
    await create('gitpod/pushed').then(run => run.json())
    const env = isolatedEnvironment(directory.path, { HTTPS_PROXY: cloud.proxy.url })
    const authfile = directory.join('auth.json')
    const skopeo = (args: string[], stdin?: string) =>
      runProcess('skopeo', args, { env, ...(stdin === undefined ? {} : { stdin }) })
    const login = async () => {
      const { stdout: password } = await ecr('get-login-password')
      const as = ['--username', 'AWS', '--password-stdin', '--authfile', authfile]
      return skopeo(['login', ...as, '--cert-dir', cloud.certDir, cloud.host], password)
    }
    const to = ['--dest-authfile', authfile, '--dest-cert-dir', cloud.certDir]
    const push = (name: string) =>
      skopeo([
        ...['copy', '--src-tls-verify=false', ...to, '--preserve-digests'],
        ...[`docker://${upstream.host}/server:1`, `docker://${cloud.host}/${name}:1`],
      ])

    expect((await push('gitpod/pushed')).exitCode).not.toBe(0)
    expect(cloud.front.exchanges.at(-1)?.status).toBe(401)
    expect(await login()).toMatchObject({ exitCode: 0 })
    expect(await push('gitpod/pushed')).toMatchObject({ exitCode: 0 })
    const from = ['--authfile', authfile, '--cert-dir', cloud.certDir]
    const raw = await skopeo(['inspect', '--raw', ...from, `docker://${cloud.host}/gitpod/pushed:1`])
    expect(sha256(raw.stdout)).toBe(image.manifest.digest)

    expect((await push('gitpod/never-made')).exitCode).not.toBe(0)
    expect(cloud.front.exchanges.at(-1)).toMatchObject({ status: 404 })
    cloud.account.expire()
    expect((await push('gitpod/pushed')).exitCode).not.toBe(0)
    expect(cloud.front.exchanges.at(-1)).toMatchObject({ status: 403 })
    expect(await login()).toMatchObject({ exitCode: 0 })
    expect(await push('gitpod/pushed')).toMatchObject({ exitCode: 0 })
    expect(new Set(cloud.proxy.wanted)).toEqual(new Set([`${cloud.host}:443`]))
  })

  it('answers every chunk with the range of the first one, and ignores mounts', async () => {
    for (const name of ['gitpod/chunks', 'gitpod/other']) await create(name).then(run => run.json())
    const [{ password }, blob] = [cloud.account.issue(), Buffer.from('abcdef')]
    const digest = sha256(blob)
    const send = async (method: string, target: string, body?: Buffer, range?: string) => {
      const url = new URL(target, `https://${cloud.front.host}`)
      const headers = range === undefined ? {} : { 'content-range': range, 'content-length': body!.length }
      const sent = request(url, { method, headers, auth: `AWS:${password}`, ca: cloud.certificates.ca })
      const [answer] = await once(sent.end(body), 'response')
      await text(answer)
      return { status: answer.statusCode, ...answer.headers }
    }
    const opened = await send('POST', '/v2/gitpod/chunks/blobs/uploads/')
    const first = await send('PATCH', opened.location, blob.subarray(0, 2), '0-1')
    expect(first).toMatchObject({ status: 201, range: '0-1' })
    const second = await send('PATCH', first.location, blob.subarray(2), '2-5')
    expect(second).toMatchObject({ status: 201, range: '0-1' })
    const closed = await send('PUT', `${second.location}&digest=${digest}`)
    expect(closed).toMatchObject({ status: 201, 'docker-content-digest': digest })

    const mount = new URLSearchParams({ mount: digest, from: 'gitpod/chunks' })
    const mounted = await send('POST', `/v2/gitpod/other/blobs/uploads/?${mount}`)
    expect(mounted).toMatchObject({ status: 202, location: expect.any(String) })
    expect(await send('HEAD', `/v2/gitpod/other/blobs/${digest}`)).toMatchObject({ status: 404 })
  })
})
