import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { parseDocument, parseAllDocuments } from 'yaml'
import { awsCli } from '../support/cloud/aws/aws-cli.ts'
import { startAwsCloud, type AwsCloud } from '../support/cloud/aws/aws-cloud.ts'
import { startContainerd } from '../support/containerd.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer, type Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

describe.skipIf(needs('radosgw', 'aws', 'docker-registry', 'skopeo', 'ctr'))('provision aws', () => {
  let cloud: AwsCloud
  let home: TemporaryDirectory
  let upstream: Upstream
  const installation = `j${randomBytes(4).toString('hex')}`
  const images = new Map<string, Image>()

  beforeAll(async () => {
    cloud = await startAwsCloud(inject('gateway')!)
    home = await temporaryDirectory()
    upstream = await startUpstream()
    const base = makeLayer('base', 3_000_000)
    for (const name of ['docker.io/library/one:1', 'docker.io/library/two:2'])
      images.set(name, makeImage([base, makeLayer(name, 200_000)]))
    for (const [name, image] of images) await upstream.add(name, image)
  })
  afterAll(async () => {
    await upstream?.stop()
    await home?.[Symbol.asyncDispose]()
    await cloud?.[Symbol.asyncDispose]()
  })

  const run = (...flags: string[]) =>
    gpreg(
      [
        ...['provision', 'aws', '--region', 'us-east-1', '--installation', installation],
        ...['--s3-endpoint', cloud.s3, '--iam-endpoint', cloud.iam, ...flags],
      ],
      { env: cloud.env, cwd: home.path },
    )
  const actions = (document: { changes: { action: string }[] }) =>
    new Set(document.changes.map(({ action }) => action))

  it('only shows changes with --dry-run, and asks before it makes them', async () => {
    const dry = await run('--dry-run', '--json')
    expect(dry.exitCode, dry.stderr).toBe(0)
    expect(dry.json()).toMatchObject({ kind: 'ProvisionResult', dryRun: true, goal: 'present' })
    expect(actions(dry.json())).toContain('create')
    expect((await run('--json')).json()).toMatchObject({
      error: { hint: expect.stringContaining('--secrets-file') },
    })
    const unasked = await run('--secrets-file', 's3.json')
    expect([unasked.exitCode, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect(cloud.log.writes).toEqual([])
    expect(await readdir(home.path)).toEqual([])
  })

  it('creates a registry on the bucket from nothing, with a key that opens nothing else', async () => {
    const made = await run('--secrets-file', 's3.json', '--yes', '--json')
    expect(made.exitCode, made.stderr + made.stdout).toBe(0)
    expect((await stat(home.join('s3.json'))).mode & 0o777).toBe(0o600)
    const { registryStorage: key } = JSON.parse(await readFile(home.join('s3.json'), 'utf8'))
    const described = await readFile(home.join('provision.json'), 'utf8')

    const again = await run('--secrets-file', 's3.json', '--yes', '--json')
    expect(again.exitCode, again.stderr).toBe(0)
    expect(actions(again.json())).toEqual(new Set(['keep']))
    expect(await readFile(home.join('provision.json'), 'utf8')).toBe(described)
    expect(JSON.parse(await readFile(home.join('s3.json'), 'utf8')).registryStorage).toEqual(key)
    for (const { stdout, stderr } of [made, again]) {
      expect(stdout + stderr + described).not.toContain(key.secretAccessKey)
      expect(stdout + stderr).not.toContain(Buffer.from(key.secretAccessKey).toString('base64'))
    }

    const storage = await storageOf()
    await using registry = await startRegistry({ s3: { ...storage, ...(await secretOf(storage.secret)) } })
    const to = `${registry.host}/gitpod`
    const mirrored = await gpreg([
      ...['mirror', '--to', to, '--json', ...[...images.keys()].flatMap(name => ['--image', name])],
      ...sourceMirrors(upstream.host, images.keys()),
    ])
    expect(mirrored.exitCode, mirrored.stderr + mirrored.stdout).toBe(0)
    await using node = await startContainerd()
    for (const [{ target }, image] of mirrored
      .json()
      .images.map((each: object, at: number) => [each, [...images.values()][at]])) {
      await expectImage(target, image)
      await node.pull(target)
    }
    const doctor = await gpreg(['doctor', to, '--large-upload', '40', '--json'])
    expect(doctor.exitCode, doctor.stdout).toBe(0)
    expect(doctor.json().checks.filter(({ status }: { status: string }) => status === 'failed')).toEqual([])

    const other = `${installation}-other`
    await awsCli({ endpoint: cloud.s3 }, 's3api', 'create-bucket', '--bucket', other)
    await writeFile(home.join('object'), 'x')
    const put = ['put-object', '--key', 'o', '--body', home.join('object'), '--bucket']
    await awsCli({ endpoint: cloud.s3, key }, 's3api', ...put, other)
    expect(cloud.front.exchanges.at(-1)?.status).toBe(403)
    await awsCli({ endpoint: cloud.s3, key }, 's3api', ...put, storage.bucket)
    expect(cloud.front.exchanges.at(-1)?.status).toBe(200)
  }, 180_000)

  it('deletes only what it created, and only if asked', async () => {
    const gone = await run('--secrets-file', 's3.json', '--destroy', '--yes', '--json')
    expect(gone.exitCode, gone.stderr).toBe(0)
    // The bucket contains images now.
    expect(gone.json().changes.map(({ resource, action }: never) => `${action} ${resource}`)).toEqual([
      `delete iam:access-key/registry-user-${installation}`,
      `delete iam:user/registry-user-${installation}`,
      `keep s3:bucket/reg-bucket-${installation}`,
    ])
    expect(cloud.users.size).toBe(0)
  })

  /** The storage settings of the registry in the generated configuration. */
  async function storageOf() {
    await mkdir(home.join('secrets'))
    const valuesOf = (...more: string[]) =>
      gpreg(
        [
          ...['values', 'aws', '--from', 'provision.json', '--domain', 'gitpod.example.com'],
          ...['-o', 'gitpod.config.yaml', '--secrets', 'secrets'],
          ...['--storage-bucket', 'workspaces', ...more],
        ],
        { cwd: home.path },
      )
    const plain = await valuesOf()
    expect([plain.exitCode, plain.stderr]).toEqual([2, expect.stringContaining('plain HTTP')])
    const values = await valuesOf('--registry-endpoint', new URL(cloud.s3).host)
    expect(values.exitCode, values.stderr).toBe(0)
    const config = parseDocument(await readFile(home.join('gitpod.config.yaml'), 'utf8')).toJS()
    const { bucket, region, endpoint, certificate } = config.containerRegistry.s3storage
    return { bucket, region, endpoint, secret: certificate.name as string }
  }

  async function secretOf(name: string) {
    for (const file of await readdir(home.join('secrets')))
      for (const document of parseAllDocuments(await readFile(home.join(`secrets/${file}`), 'utf8'))) {
        const { metadata, data = {}, stringData = {} } = document.toJS()
        if (metadata?.name !== name) continue
        const decoded = Object.entries(data).map(([key, value]) => [
          key,
          Buffer.from(value as string, 'base64').toString(),
        ])
        const { s3AccessKey, s3SecretKey } = { ...stringData, ...Object.fromEntries(decoded) }
        return { accessKey: s3AccessKey as string, secretKey: s3SecretKey as string }
      }
    throw new Error(`no Secret ${name} was written`)
  }
})
