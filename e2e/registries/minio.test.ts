import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { sourceMirrors, startUpstream } from '../support/upstream.ts'
import { startMinio } from './minio.ts'
import { absent } from './server-kinds.ts'

const IMAGE = 'docker.io/library/one:1'

/** The steps of `gpreg provision aws --help` for S3 that is not of AWS, with nothing but MinIO's own key. */
it.skipIf(['minio', 'docker-registry', 'skopeo'].some(name => absent(name) !== undefined))(
  "from MinIO's own key to a pulled image",
  async () => {
    await using minio = await startMinio()
    await using home = await temporaryDirectory()
    const { accessKeyId, secretAccessKey } = minio.key
    await writeFile(home.join('key.json'), JSON.stringify(minio.key))
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const provision = async (...more: string[]) => {
      const run = await gpreg(
        [
          ...['provision', 'aws', '--region', 'us-east-1', '--s3-endpoint', minio.endpoint, ...more],
          ...['--registry-credentials', 'key.json', '--secrets-file', 's3.json', '--yes', '--json'],
        ],
        { cwd: home.path, env },
      )
      expect(run.stdout + run.stderr).not.toContain(secretAccessKey)
      return run
    }
    const made = await provision()
    expect(made.exitCode, made.stderr + made.stdout).toBe(0)
    const changeOf = (resource: string) =>
      made.json().changes.find((change: { resource: string }) => change.resource === resource)
    expect(changeOf('s3:bucket/reg-bucket-gitpod')).toMatchObject({ action: 'create' })
    // MinIO takes no rule that only ends uploads: that is said, and the bucket is used without.
    expect(changeOf('s3:lifecycle/reg-bucket-gitpod')).toMatchObject({
      action: 'keep',
      reason: expect.stringContaining('was refused'),
    })
    expect(made.stderr).toContain('s3:PutLifecycleConfiguration')
    const failed = made.json().checks.filter(({ status }: { status: string }) => status === 'failed')
    expect(failed).toEqual([])
    const again = await provision()
    expect(new Set(again.json().changes.map(({ action }: { action: string }) => action))).toEqual(
      new Set(['keep']),
    )
    expect(again.stderr).not.toContain('s3:PutLifecycleConfiguration')

    const { choice } = JSON.parse(await readFile(home.join('provision.json'), 'utf8'))
    const { registryStorage: key } = JSON.parse(await readFile(home.join('s3.json'), 'utf8'))
    await using registry = await startRegistry({
      s3: {
        bucket: choice.bucket,
        region: choice.region,
        endpoint: new URL(choice.registryEndpoint).host,
        accessKey: key.accessKeyId,
        secretKey: key.secretAccessKey,
      },
    })
    const image = makeImage([makeLayer('base', 3_000_000), makeLayer('top', 200_000)])
    await using upstream = await startUpstream()
    await upstream.add(IMAGE, image)
    const mirrored = await gpreg([
      ...['mirror', '--to', `${registry.host}/gitpod`, '--image', IMAGE, '--json'],
      ...sourceMirrors(upstream.host, [IMAGE]),
    ])
    expect(mirrored.exitCode, mirrored.stderr + mirrored.stdout).toBe(0)
    await expectImage(mirrored.json().images[0].target, image)

    const kept = await provision('--destroy')
    expect(kept.json().changes).toMatchObject([
      { action: 'keep', reason: expect.stringContaining('holds objects') },
    ])
  },
)
