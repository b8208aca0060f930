import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.ts'
import { GPREG, gpreg } from '../support/gpreg.ts'
import { bytesOf, makeImage, makeLayer, unique, type Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage, sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'
import { buildKubernetes, whyNoCluster } from './build.ts'
import { watchCgroups } from './cgroups.ts'
import { GATEWAY, startNodeContainerd } from './containerd.ts'
import { startCluster, type Cluster } from './kubernetes.ts'
import { pauseImage } from './pause-image.ts'
import { startSandbox, type Sandbox } from './sandbox.ts'

const NAMESPACE = 'gitpod'
const SHARDS = 3

interface PodStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

/** A directory of this machine as a volume, and the claim of the same name that is bound to it. */
function volume(name: string, path: string): object {
  const common = { accessModes: ['ReadOnlyMany'], storageClassName: '' }
  const storage = '1Gi'
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name },
        spec: {
          ...common,
          capacity: { storage },
          hostPath: { path },
          claimRef: { name, namespace: NAMESPACE },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: NAMESPACE },
        spec: { ...common, resources: { requests: { storage } }, volumeName: name },
      },
    ],
  }
}

/** Ten images with shared layers of up to 3 MB. */
function releaseImages(): Map<string, Image> {
  const layers = Array.from({ length: 9 }, (_, index) => makeLayer(`layer-${index}`, (index + 1) * 330_000))
  return new Map(
    Array.from({ length: 10 }, (_, index) => {
      const own = makeLayer(`own-${index}`, 200_000)
      return [
        `docker.io/team/app-${index}:1`,
        makeImage([layers[index % 9]!, layers[(index * 2 + 1) % 9]!, own]),
      ]
    }),
  )
}

describe.skipIf(whyNoCluster() !== undefined)('a real Kubernetes', () => {
  const stack = new AsyncDisposableStack()
  const images = releaseImages()
  const blobs = unique([...images.values()].flatMap(image => image.blobs))
  let upstream: Upstream
  let witness: CountingProxy
  let sandbox: Sandbox
  let cluster: Cluster
  let lock: string
  let path: (name: string) => string

  beforeAll(async () => {
    const programs = await buildKubernetes()
    const directory = stack.use(await temporaryDirectory())
    path = name => directory.join(name)
    upstream = stack.use(await startUpstream())
    const target = stack.use(await startRegistry())
    witness = stack.use(await startCountingProxy({ to: target.url }))
    for (const [reference, image] of images) await upstream.add(reference, image)
    await pushImage(upstream.url, 'tools/pause:1', await pauseImage(programs.pause))
    const pushed = await gpreg(['tool', 'push', '--to', `${upstream.host}/tools`, '--tag', '1'])
    expect(pushed.exitCode, pushed.stderr).toBe(0)
    lock = path('gpreg.lock.json')
    await writeFile(path('images.txt'), [...images.keys()].join('\n'))
    const mirrors = sourceMirrors(upstream.host, images.keys())
    const locked = await gpreg(['lock', '--images', path('images.txt'), ...mirrors, '-o', lock])
    expect(locked.exitCode, locked.stderr).toBe(0)

    stack.defer(await watchCgroups())
    sandbox = stack.use(await startSandbox([upstream.host, witness.host]))
    const socket = await startNodeContainerd(sandbox, path('containerd'), `${upstream.host}/tools/pause:1`)
    cluster = await startCluster(sandbox, directory.path, programs.kube, socket)
    await cluster.kubectl(['create', 'namespace', NAMESPACE])
    await cluster.kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted'])
  })
  afterAll(() => stack.disposeAsync())

  /** Applies objects as strictly as the API server can. A second time would change nothing. */
  const apply = async (yaml: string) => {
    await cluster.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], yaml)
    expect(await cluster.kubectl(['diff', '--server-side', '-f', '-'], yaml)).toBe('')
  }

  /** What `gpreg manifests` prints. */
  const manifests = async (...args: string[]): Promise<string> => {
    const flags = ['--namespace', NAMESPACE, '--image', `${upstream.host}/tools/gpreg:1`]
    const run = await gpreg(['manifests', args[0]!, ...flags, ...args.slice(1)])
    expect(run.exitCode, run.stderr).toBe(0)
    return run.stdout
  }

  /** Flags of a Job that mirrors the lock below a prefix of the same name. Its pods reach both registries at the gateway. */
  const mirror = (name: string, ...args: string[]): string[] => {
    const [from, to] = [upstream, witness].map(({ host }) => `${GATEWAY}:${host.split(':')[1]!}`) as [
      string,
      string,
    ]
    const plain = ['--plain-http', from, '--plain-http', to]
    return [
      ...['--name', name, '--to', `${to}/${name}`, '--lock', lock, '--kubernetes', '1.34'],
      ...['--', '--source-mirror', `docker.io=${from}/docker.io`, ...plain, ...args],
    ]
  }

  const startJob = async (name: string, ...args: string[]) =>
    apply(await manifests('job', '--shards', `${SHARDS}`, ...mirror(name, ...args)))

  const pods = async (name: string): Promise<{ metadata: { name: string }; status: { phase: string } }[]> =>
    (await cluster.get('pods', '-n', NAMESPACE, '-l', `job-name=${name}`)).items

  /** Waits for the end of a Job. @returns the condition that it ended with */
  const end = (name: string): Promise<string> =>
    cluster.until(async () => {
      const { status } = await cluster.get('job', name, '-n', NAMESPACE)
      const conditions: { type: string; status: string }[] = status.conditions ?? []
      return conditions.find(({ type, status }) => /^(Complete|Failed)$/.test(type) && status === 'True')
        ?.type
    })

  const expectWhole = async (name: string) => {
    const to = `${witness.host}/${name}`
    const deep = await gpreg(['verify', '--lock', lock, '--to', to, '--deep', '--json'])
    expect(deep.exitCode, deep.stderr).toBe(0)
    expect(deep.json().totals).toMatchObject({ images: images.size, ok: images.size })
  }

  /** What the containers of a Job printed, one after the other. */
  const logs = async (name: string): Promise<string> => {
    const files = await readdir(path('logs'), { recursive: true })
    const own = files.filter(file => file.includes(`_${name}-`) && file.endsWith('.log'))
    return (await Promise.all(own.map(file => readFile(join(path('logs'), file), 'utf8')))).join('\n')
  }

  it('takes the Secrets that values writes, and a second apply changes nothing', async () => {
    const login = path('login.json')
    await writeFile(login, JSON.stringify({ username: 'gitpod', password: 'a password' }))
    await writeFile(
      path('keys.json'),
      JSON.stringify({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret' }),
    )
    const run = await gpreg([
      ...['values', 'in-cluster', '--domain', 'gitpod.example.com', '--secrets', path('secrets')],
      ...['--s3-bucket', 'images', '--s3-region', 'eu-west-1', '--s3-credentials', path('keys.json')],
      ...[
        '--mirror',
        'registry.internal/gitpod',
        '--mirror-credentials',
        login,
        '-o',
        path('gitpod.config.yaml'),
      ],
    ])
    expect(run.exitCode, run.stderr).toBe(0)
    const files = await readdir(path('secrets'))
    const yaml = await Promise.all(files.map(file => readFile(join(path('secrets'), file), 'utf8')))
    expect(yaml.length).toBeGreaterThan(1)
    await cluster.kubectl(['config', 'set-context', '--current', '--namespace', NAMESPACE])
    await apply(yaml.join('\n---\n'))
  })

  it('takes a CronJob, and runs it', async () => {
    await apply(await manifests('cronjob', '--schedule', '0 3 * * *', ...mirror('nightly')))
    await cluster.kubectl(['create', 'job', 'now', '--from=cronjob/nightly', '-n', NAMESPACE])
    expect(await end('now')).toBe('Complete')
    await expectWhole('nightly')
  })

  it('serves a bundle of a volume: the pod becomes ready, and its images are there', async () => {
    await mkdir(path('bundles'))
    const mirrors = sourceMirrors(upstream.host, images.keys())
    const saved = await gpreg([
      'bundle',
      'save',
      '--lock',
      lock,
      ...mirrors,
      '-o',
      `${path('bundles')}/release/`,
    ])
    expect(saved.exitCode, saved.stderr).toBe(0)
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(volume('bundles', path('bundles'))))
    await apply(await manifests('serve', '--claim', 'bundles', '--path', 'release'))
    const ready = await cluster.until(async () => {
      const { items } = await cluster.get('pods', '-n', NAMESPACE, '-l', 'app.kubernetes.io/component=serve')
      return items.find(({ status }: { status: PodStatus }) =>
        status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      )
    })
    const host = `${ready.status.podIP}:5000`
    expect(JSON.parse(await sandbox.run('curl', ['-sS', `http://${host}/v2/team/app-0/tags/list`]))).toEqual({
      name: 'team/app-0',
      tags: ['1'],
    })
    const verify = ['verify', '--lock', lock, '--to', host, '--plain-http', host, '--deep', '--json']
    const { totals } = JSON.parse(await sandbox.run(process.execPath, [GPREG, ...verify]))
    expect(totals).toMatchObject({ images: images.size, ok: images.size })
  })

  it('mirrors a release by an Indexed Job of restricted pods, each blob once', async () => {
    witness.clear()
    await startJob('release')
    const condition = await end('release')
    expect(condition, await logs('release')).toBe('Complete')
    expect(witness.blobBytesReceived()).toBe(bytesOf(blobs))
    expect(await pods('release')).toHaveLength(SHARDS)
    await expectWhole('release')
  })

  it('completes although a pod is deleted in mid-copy', async () => {
    witness.clear()
    await startJob('deleted', '--limit-rate', '500KB')
    await witness.until(exchanges =>
      exchanges.some(({ kind, status }) => kind === 'upload' && status === 201),
    )
    const [victim] = (await pods('deleted')).filter(({ status }) => status.phase === 'Running')
    await cluster.kubectl([
      'delete',
      'pod',
      victim!.metadata.name,
      '-n',
      NAMESPACE,
      '--wait=false',
      '--grace-period=1',
    ])
    const condition = await end('deleted')
    expect(condition, await logs('deleted')).toBe('Complete')
    expect((await pods('deleted')).map(({ metadata }) => metadata.name)).not.toContain(victim!.metadata.name)
    await expectWhole('deleted')
  })
})
