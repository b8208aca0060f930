import { readdir, readFile, rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { awsCli } from '../support/cloud/aws/aws-cli.ts'
import { CALLER_ENV } from '../support/cloud/aws/aws-cloud.ts'
import { startCallWatcher, type CallWatcher } from '../support/cloud/aws/call-watcher.ts'
import { startMoto, type Moto } from '../support/cloud/aws/moto.ts'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream } from '../support/upstream.ts'

/** `gpreg provision aws` as with AWS itself: no endpoint is given, the SDK finds it. The AWS CLI says what is there. */
describe.skipIf(needs('python3', 'aws', 'docker-registry', 'skopeo') || inject('moto') === undefined)(
  'provision aws, with moto',
  () => {
    let moto: Moto
    let watcher: CallWatcher
    let home: TemporaryDirectory
    /** All that gpreg printed. */
    let printed = ''
    const secrets = new Set<string>()

    beforeAll(async () => {
      moto = await startMoto(inject('moto')!)
      watcher = await startCallWatcher(moto.endpoint)
      home = await temporaryDirectory()
    })
    afterAll(async () => {
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
    const aws = (...args: string[]) => awsCli({ endpoint: moto.endpoint, region: 'eu-west-1' }, ...args)
    /** What a command of the AWS CLI that must succeed prints; undefined if it prints nothing. */
    const told = async (...args: string[]) => (await aws(...args)).json()
    const keysOf = (installation: string): Promise<string[]> =>
      told(
        ...['iam', 'list-access-keys', '--user-name', `registry-user-${installation}`],
        ...['--query', 'AccessKeyMetadata[].AccessKeyId'],
      )
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
      expect(await told('s3api', 'list-objects-v2', '--bucket', 'reg-bucket-killed')).not.toHaveProperty(
        'Contents',
      )
      // No draft of a killed run is left beside the files.
      expect((await readdir(home.path)).sort()).toEqual(['killed-provision.json', 'killed.json'])
    }, 300_000)

    it('sets what the plan says, for other clients to see', async () => {
      const planned = (await gpreg(argsFor('fresh', '--dry-run'), options())).stdout
      for (const tag of ['gpreg:managed=true', 'gpreg:installation=fresh'])
        expect(planned.split(tag).length - 1, tag).toBe(2)
      const bucket = ['--bucket', 'reg-bucket-killed']
      const [ofBucket, ofUser, { PublicAccessBlockConfiguration: block }, rules] = await Promise.all([
        told('s3api', 'get-bucket-tagging', ...bucket, '--query', 'sort_by(TagSet, &Key)'),
        told(
          'iam',
          'list-user-tags',
          '--user-name',
          'registry-user-killed',
          '--query',
          'sort_by(Tags, &Key)',
        ),
        told('s3api', 'get-public-access-block', ...bucket),
        told('s3api', 'get-bucket-lifecycle-configuration', ...bucket, '--query', 'Rules[].ID'),
      ])
      const tags = [
        { Key: 'gpreg:installation', Value: 'killed' },
        { Key: 'gpreg:managed', Value: 'true' },
      ]
      expect([ofBucket, ofUser]).toEqual([tags, tags])
      expect(Object.values(block)).toEqual([true, true, true, true])
      expect(rules).toEqual(['gpreg-incomplete-uploads'])
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
      const user = ['--user-name', 'registry-user-killed']
      const theirs = [...user, '--policy-name', 'theirs']
      const document = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
      }
      await told('iam', 'put-user-policy', ...theirs, '--policy-document', JSON.stringify(document))
      const keys = await keysOf('killed')
      const refused = await provision('killed', '--destroy')
      expect([refused.exitCode, refused.json().error]).toEqual([
        4,
        expect.objectContaining({ code: 'in-use', hint: expect.stringContaining('--policy-name theirs') }),
      ])
      expect(await keysOf('killed')).toEqual(keys)
      await told('iam', 'delete-user-policy', ...theirs)

      const bucket = ['--bucket', 'reg-bucket-killed']
      await told('s3api', 'put-bucket-versioning', ...bucket, '--versioning-configuration', 'Status=Enabled')
      // In a bucket with versions this leaves a delete marker above each object.
      await aws('s3', 'rm', '--recursive', 's3://reg-bucket-killed')
      expect(await told('s3api', 'list-objects-v2', ...bucket)).not.toHaveProperty('Contents')
      const kept = await provision('killed', '--destroy')
      expect(kept.json().changes.map(({ action }: { action: string }) => action)).toEqual([
        'delete',
        'delete',
        'keep',
      ])
      const { Versions = [], DeleteMarkers = [] } = await told('s3api', 'list-object-versions', ...bucket)
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
      expect(DeleteMarkers.length).toBeGreaterThan(0)
      await told('s3api', 'delete-objects', ...bucket, '--delete', JSON.stringify({ Objects }))
      expect(actions((await provision('killed', '--destroy')).json())).toEqual(['keep', 'delete'])
      expect((await aws('iam', 'get-user', ...user)).code).toBe('NoSuchEntity')
      expect(await told('s3api', 'list-buckets', '--query', 'Buckets')).toEqual([])
    })

    it('keeps the rules and keys that are there: rules in one form, the unused key named', async () => {
      const bucket = ['--bucket', 'reg-bucket-kept']
      const place = ['--create-bucket-configuration', 'LocationConstraint=eu-west-1']
      await told('s3api', 'create-bucket', ...bucket, ...place)
      const old = { ID: 'theirs', Prefix: 'logs/', Status: 'Enabled', Expiration: { Days: 9 } }
      const rules = ['--lifecycle-configuration', JSON.stringify({ Rules: [old] })]
      await told('s3api', 'put-bucket-lifecycle-configuration', ...bucket, ...rules)
      const made = await provision('kept')
      expect(made.exitCode, made.stderr + made.stdout).toBe(0)
      expect(made.stdout).toContain('writes 1 of them with filters')
      const { Rules } = await told('s3api', 'get-bucket-lifecycle-configuration', ...bucket)
      expect(Rules).toHaveLength(2)
      for (const rule of Rules) expect(rule).toMatchObject({ Filter: { Prefix: expect.any(String) } })

      await keyIn('kept')
      await told('iam', 'create-access-key', '--user-name', 'registry-user-kept')
      await rm(home.join('kept.json'))
      const ids = await keysOf('kept')
      const lastUses = await Promise.all(
        ids.map(id => told('iam', 'get-access-key-last-used', '--access-key-id', id)),
      )
      const unused = ids.filter((_, at) => lastUses[at].AccessKeyLastUsed.LastUsedDate === undefined)
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
