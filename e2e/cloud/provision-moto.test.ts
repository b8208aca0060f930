import { readdir, readFile, rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { CALLER_ENV } from '../support/cloud/aws/aws-cloud.ts'
import { startBoto, type Boto } from '../support/cloud/aws/boto.ts'
import { startCallWatcher, type CallWatcher } from '../support/cloud/aws/call-watcher.ts'
import { startMoto, type Moto } from '../support/cloud/aws/moto.ts'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream } from '../support/upstream.ts'

/** `gpreg provision aws` as with AWS itself: no endpoint is given, the SDK finds it. boto3 says what is there. */
describe.skipIf(needs('python3', 'docker-registry', 'skopeo') || inject('moto') === undefined)(
  'provision aws, with moto',
  () => {
    let moto: Moto
    let boto: Boto
    let watcher: CallWatcher
    let home: TemporaryDirectory
    /** All that gpreg printed. */
    let printed = ''
    const secrets = new Set<string>()

    beforeAll(async () => {
      moto = await startMoto(inject('moto')!)
      boto = await startBoto(inject('moto')!, moto.endpoint, 'eu-west-1')
      watcher = await startCallWatcher(moto.endpoint)
      home = await temporaryDirectory()
    })
    afterAll(async () => {
      await boto?.[Symbol.asyncDispose]()
      await watcher?.[Symbol.asyncDispose]()
      await moto?.[Symbol.asyncDispose]()
      await home?.[Symbol.asyncDispose]()
    })

    const options = () => ({ env: { ...CALLER_ENV, AWS_ENDPOINT_URL: watcher.endpoint }, cwd: home.path })
    const argsFor = (installation: string, ...flags: string[]) => [
      ...['provision', 'aws', '--region', 'eu-west-1', '--installation', installation, '--json', '--yes'],
      ...['--secrets-file', `${installation}.json`, '-o', `${installation}-provision.json`, ...flags],
    ]
    const provision = async (installation: string, ...flags: string[]) => {
      const run = await gpreg(argsFor(installation, ...flags), options())
      printed += run.stdout + run.stderr
      return run
    }
    const keyIn = async (installation: string) => {
      const { registryStorage: key } = JSON.parse(await readFile(home.join(`${installation}.json`), 'utf8'))
      secrets.add(key.secretAccessKey)
      return key as { accessKeyId: string; secretAccessKey: string }
    }
    const keysOf = async (installation: string): Promise<string[]> => {
      const user = { UserName: `registry-user-${installation}` }
      const { AccessKeyMetadata: keys } = await boto.call('iam', 'list_access_keys', user)
      return keys.map(({ AccessKeyId }: { AccessKeyId: string }) => AccessKeyId)
    }
    const actions = ({ changes }: { changes: { action: string }[] }) => [
      ...new Set(changes.map(({ action }) => action)),
    ]

    it('continues after kill -9 at every call, and then keeps all', async () => {
      const hit = new Set<string>()
      let isOver = false
      while (!isOver) {
        const running = await startGpreg(argsFor('killed'), options())
        let killedAt: string | undefined
        watcher.onDone(call => {
          if (killedAt === undefined && hit.has(call)) return false
          if (killedAt === undefined) {
            killedAt = call
            hit.add(call)
            running.signal('SIGKILL')
          }
          return true
        })
        const { code } = await running.exited
        printed += running.stdout() + running.stderr()
        isOver = killedAt === undefined
        if (isOver) expect(code, running.stderr() + running.stdout()).toBe(0)
        expect(hit.size).toBeLessThan(80)
      }
      watcher.onDone(() => false)
      console.log(`killed at ${[...hit].join(', ')}`)
      for (const call of [
        's3:PUT bucket 200',
        'iam:CreateUser 200',
        'iam:CreateAccessKey 200',
        's3:PUT object 200',
      ])
        expect([...hit]).toContain(call)

      const again = await provision('killed')
      expect(actions(again.json())).toEqual(['keep'])
      expect(again.json().checks.map(({ status }: { status: string }) => status)).toEqual(Array(6).fill('ok'))
      const { accessKeyId } = await keyIn('killed')
      expect(await keysOf('killed')).toEqual([accessKeyId])
      const bucket = { Bucket: 'reg-bucket-killed' }
      expect(await boto.call('s3', 'list_objects_v2', bucket)).not.toHaveProperty('Contents')
      // No draft of a killed run is left beside the files.
      expect((await readdir(home.path)).sort()).toEqual(['killed-provision.json', 'killed.json'])
    }, 300_000)

    it('sets what the plan says, for other clients to see', async () => {
      const bucket = { Bucket: 'reg-bucket-killed' }
      const planned = (await gpreg(argsFor('fresh', '--dry-run'), options())).stdout
      for (const tag of ['gpreg:managed=true', 'gpreg:installation=fresh'])
        expect(planned.split(tag).length - 1, tag).toBe(2)
      const tags = [
        { Key: 'gpreg:installation', Value: 'killed' },
        { Key: 'gpreg:managed', Value: 'true' },
      ]
      const user = { UserName: 'registry-user-killed' }
      const byKey = (one: { Key: string }, other: { Key: string }) => (one.Key < other.Key ? -1 : 1)
      expect((await boto.call('s3', 'get_bucket_tagging', bucket)).TagSet.sort(byKey)).toEqual(tags)
      expect((await boto.call('iam', 'list_user_tags', user)).Tags.sort(byKey)).toEqual(tags)
      const { PublicAccessBlockConfiguration: block } = await boto.call(
        's3',
        'get_public_access_block',
        bucket,
      )
      expect(Object.values(block)).toEqual([true, true, true, true])
      const { Rules } = await boto.call('s3', 'get_bucket_lifecycle_configuration', bucket)
      expect(Rules.map(({ ID }: { ID: string }) => ID)).toEqual(['gpreg-incomplete-uploads'])
    })

    it('gives a bucket and a key with which a registry serves images', async () => {
      const image = makeImage([makeLayer('base', 2_000_000), makeLayer('top', 100_000)])
      await using upstream = await startUpstream()
      await upstream.add('docker.io/library/one:1', image)
      const { accessKeyId: accessKey, secretAccessKey: secretKey } = await keyIn('killed')
      const endpoint = new URL(moto.endpoint).host
      const s3 = { bucket: 'reg-bucket-killed', region: 'eu-west-1', endpoint, accessKey, secretKey }
      await using registry = await startRegistry({ s3 })
      const sources = [
        '--image',
        'docker.io/library/one:1',
        ...sourceMirrors(upstream.host, ['docker.io/library/one:1']),
      ]
      const mirrored = await gpreg(['mirror', '--to', `${registry.host}/gitpod`, '--json', ...sources])
      expect(mirrored.exitCode, mirrored.stderr + mirrored.stdout).toBe(0)
      await expectImage(mirrored.json().images[0].target, image)
    })

    it('rotates the key twice: the one that was replaced works until the second time', async () => {
      const first = (await keyIn('killed')).accessKeyId
      expect((await provision('killed', '--rotate')).exitCode).toBe(0)
      const second = (await keyIn('killed')).accessKeyId
      expect(await keysOf('killed')).toEqual([first, second])
      expect((await provision('killed', '--rotate')).exitCode).toBe(0)
      expect(await keysOf('killed')).toEqual([second, (await keyIn('killed')).accessKeyId])
    })

    it('destroys only what nothing else uses: first the rights of somebody else go, then the content', async () => {
      const user = { UserName: 'registry-user-killed' }
      const theirs = { ...user, PolicyName: 'theirs' }
      const document = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
      }
      await boto.call('iam', 'put_user_policy', { ...theirs, PolicyDocument: JSON.stringify(document) })
      const keys = await keysOf('killed')
      const refused = await provision('killed', '--destroy')
      expect([refused.exitCode, refused.json().error]).toEqual([
        4,
        expect.objectContaining({ code: 'in-use', hint: expect.stringContaining('--policy-name theirs') }),
      ])
      expect(await keysOf('killed')).toEqual(keys)
      await boto.call('iam', 'delete_user_policy', theirs)

      const bucket = { Bucket: 'reg-bucket-killed' }
      const versioned = { ...bucket, VersioningConfiguration: { Status: 'Enabled' } }
      await boto.call('s3', 'put_bucket_versioning', versioned)
      // In a bucket with versions this leaves a delete marker above each object.
      const { Contents } = await boto.call('s3', 'list_objects_v2', bucket)
      for (const { Key } of Contents) await boto.call('s3', 'delete_object', { ...bucket, Key })
      expect(await boto.call('s3', 'list_objects_v2', bucket)).not.toHaveProperty('Contents')
      const kept = await provision('killed', '--destroy')
      expect(kept.json().changes.map(({ action }: { action: string }) => action)).toEqual([
        'delete',
        'delete',
        'keep',
      ])
      const { Versions = [], DeleteMarkers = [] } = await boto.call('s3', 'list_object_versions', bucket)
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
      expect(DeleteMarkers.length).toBeGreaterThan(0)
      await boto.call('s3', 'delete_objects', { ...bucket, Delete: { Objects } })
      expect(actions((await provision('killed', '--destroy')).json())).toEqual(['keep', 'delete'])
      expect(await boto.call('iam', 'get_user', user)).toEqual({ error: 'NoSuchEntity' })
      expect((await boto.call('s3', 'list_buckets')).Buckets).toEqual([])
    })

    it('keeps the rules and keys that are there: rules in one form, the unused key named', async () => {
      const bucket = { Bucket: 'reg-bucket-kept' }
      const place = { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }
      await boto.call('s3', 'create_bucket', { ...bucket, ...place })
      const old = { ID: 'theirs', Prefix: 'logs/', Status: 'Enabled', Expiration: { Days: 9 } }
      const rules = { ...bucket, LifecycleConfiguration: { Rules: [old] } }
      await boto.call('s3', 'put_bucket_lifecycle_configuration', rules)
      const made = await provision('kept')
      expect(made.exitCode, made.stderr + made.stdout).toBe(0)
      expect(made.stdout).toContain('writes 1 of them with filters')
      const { Rules } = await boto.call('s3', 'get_bucket_lifecycle_configuration', bucket)
      expect(Rules).toHaveLength(2)
      for (const rule of Rules) expect(rule).toMatchObject({ Filter: { Prefix: expect.any(String) } })

      await keyIn('kept')
      await boto.call('iam', 'create_access_key', { UserName: 'registry-user-kept' })
      await rm(home.join('kept.json'))
      const unused: string[] = []
      for (const id of await keysOf('kept')) {
        const asked = { AccessKeyId: id }
        const { AccessKeyLastUsed: last } = await boto.call('iam', 'get_access_key_last_used', asked)
        if (last.LastUsedDate === undefined) unused.push(id)
      }
      const { error } = (await provision('kept')).json()
      expect(error).toMatchObject({ code: 'limit-exceeded', hint: expect.stringContaining('never used') })
      expect(unused.filter(id => error.hint.includes(id))).toHaveLength(1)
      expect(await keysOf('kept')).toHaveLength(2)
    })

    it('printed no secret, and wrote none but to the secrets file', async () => {
      expect(secrets.size).toBeGreaterThanOrEqual(4)
      const described = await readFile(home.join('kept-provision.json'), 'utf8')
      for (const secret of secrets) {
        expect(printed + described).not.toContain(secret)
        expect(printed + described).not.toContain(Buffer.from(secret).toString('base64'))
      }
    })
  },
)
