import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEcrCloud, type EcrCloud } from '../support/cloud/aws/ecr-cloud.ts'
import {
  azureCertificates,
  startAcrCloud,
  startAzureCloud,
  type AcrCloud,
  type AzureCloud,
} from '../support/cloud/azure/azure-cloud.ts'
import { Cloud } from '../support/cloud/gcp/cloud.ts'
import { startRestServer } from '../support/cloud/gcp/rest-server.ts'
import { serviceAccountKey } from '../support/cloud/gcp/service-account.ts'
import { GROUP, SUBSCRIPTION } from '../support/cloud/azure/subscription.ts'
import { gpreg, startGpreg, type GpregRun } from '../support/gpreg.ts'
import { makeImage, makeLayer, sha256, type Image } from '../support/images.ts'
import { runProcess } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

/** Tests registries of clouds as targets of the built command. The only credential is the identity of the machine. */

let upstream: Upstream
const images = new Map<string, Image>()
const shared = makeLayer('shared', 1_000_000)

beforeAll(async () => {
  upstream = await startUpstream()
  for (const name of ['one', 'two', 'three', 'four'])
    images.set(`docker.io/gitpod/${name}:1`, makeImage([shared, makeLayer(name, 500_000)]))
  for (const [name, image] of images) await upstream.add(name, image)
})
afterAll(() => upstream?.stop())

const mirrorTo = (to: string, caFile: string, ...flags: string[]) => [
  ...['mirror', '--to', to, '--json', '--ca-file', caFile, ...flags],
  ...[...images.keys()].flatMap(name => ['--image', name]),
  ...sourceMirrors(upstream.host, images.keys()),
]
const actionsOf = (run: GpregRun) =>
  new Set(run.json().changes.map(({ action }: { action: string }) => action))
const NO_PROXY = '127.0.0.1,localhost'

describe.skipIf(needs('docker-registry', 'skopeo', 'openssl'))('ECR as a target', () => {
  let cloud: EcrCloud
  beforeAll(async () => void (cloud = await startEcrCloud()))
  afterAll(() => cloud?.[Symbol.asyncDispose]())
  const env = () => ({ ...cloud.env, NO_PROXY })

  it('creates repositories, renews the login during a copy, and works without mounts', async () => {
    const running = await startGpreg(mirrorTo(`${cloud.host}/gitpod`, cloud.certificates.caFile), {
      env: env(),
    })
    await cloud.front.until(seen =>
      seen.some(({ method, kind, status }) => method === 'PUT' && kind === 'upload' && status === 201),
    )
    const before = cloud.account.issued
    cloud.account.expire()
    const { code } = await running.exited
    expect(code, running.stdout() + running.stderr()).toBe(0)
    const { images: copied, totals } = JSON.parse(running.stdout())
    expect(copied.map(({ status }: { status: string }) => status)).toEqual([
      'copied',
      'copied',
      'copied',
      'copied',
    ])
    expect(totals.blobs.mounted).toBe(0)
    expect([before, cloud.account.issued]).toEqual([1, 2])
    expect([...cloud.account.repositories.keys()].sort()).toEqual(
      copied.map(({ target }: { target: string }) => target.slice(`${cloud.host}/`.length, -2)).sort(),
    )
    for (const { target, digest } of copied) {
      const creds = ['--creds', `AWS:${cloud.account.issue().password}`, '--cert-dir', cloud.certDir]
      const raw = await runProcess('skopeo', ['inspect', '--raw', ...creds, `docker://${target}`], {
        env: { ...process.env, HTTPS_PROXY: cloud.proxy.url },
      })
      expect(sha256(raw.stdout)).toBe(digest)
    }
  })

  it('can serve all purposes except workspace images, and doctor says why', async () => {
    const flags = ['--ca-file', cloud.certificates.caFile, '--large-upload', '2', '--json']
    const all = await gpreg(['doctor', `${cloud.host}/gitpod`, ...flags], { env: env() })
    expect(all.exitCode, all.stderr).toBe(4)
    expect(all.json().purposes).toEqual([
      { purpose: 'components', status: 'ok', blockedBy: [] },
      { purpose: 'workspace-base', status: 'ok', blockedBy: [] },
      { purpose: 'workspace-images', status: 'blocked', blockedBy: ['lasting-login'] },
    ])
    const mirror = await gpreg(
      ['doctor', `${cloud.host}/gitpod`, '--purpose', 'components', '--purpose', 'workspace-base', ...flags],
      { env: env() },
    )
    expect(mirror.exitCode).toBe(0)
  })

  it('names the missing permission', async () => {
    cloud.account.repositories.clear()
    cloud.log.faults((_, { name }) => (name.includes('CreateRepository') ? 'refuse' : undefined))
    const run = await gpreg(mirrorTo(`${cloud.host}/other`, cloud.certificates.caFile), { env: env() })
    cloud.log.clear()
    expect(run.exitCode).toBe(5)
    expect(JSON.stringify(run.json().images[0].error)).toContain('ecr:CreateRepository')
  })
})

describe.skipIf(needs('docker-registry', 'skopeo', 'openssl'))('Azure', () => {
  const HOST = 'gitpodimages.azurecr.io'
  let certificates: Awaited<ReturnType<typeof azureCertificates>>
  let azure: AzureCloud
  let acr: AcrCloud
  beforeAll(async () => {
    certificates = await azureCertificates()
    azure = await startAzureCloud(certificates)
    acr = await startAcrCloud(azure, ['https://containerregistry.azure.net'], HOST)
  })
  afterAll(async () => {
    await acr?.[Symbol.asyncDispose]()
    await azure?.[Symbol.asyncDispose]()
    await certificates?.[Symbol.asyncDispose]()
  })
  const env = () => ({
    ...azure.env,
    HTTPS_PROXY: acr.proxy.url,
    NO_PROXY,
    NODE_EXTRA_CA_CERTS: certificates.caFile,
  })

  it('is provisioned by the command, tested with the login that Gitpod gets, and mirrored into by token exchange', async () => {
    await using home = await temporaryDirectory()
    const provision = (...flags: string[]) =>
      gpreg(
        [
          ...['provision', 'azure', '--subscription', SUBSCRIPTION, '--resource-group', GROUP],
          ...['--location', 'westeurope', '--name', 'gitpodimages', '--json'],
          ...['--resource-manager', azure.resourceManager, '--ca-file', certificates.caFile, ...flags],
        ],
        { env: env(), cwd: home.path },
      )
    const dry = await provision('--dry-run')
    expect(dry.exitCode, dry.stdout + dry.stderr).toBe(0)
    expect(azure.log.writes).toEqual([])
    const made = await provision('--secrets-file', 'acr.json', '--yes')
    expect(made.exitCode, made.stdout + made.stderr).toBe(0)
    expect(made.json().checks.filter(({ status }: { status: string }) => status === 'failed')).toEqual([])
    const { registry } = JSON.parse(await readFile(home.join('acr.json'), 'utf8'))
    expect(made.stdout + made.stderr).not.toContain(registry.password)
    const described = await readFile(home.join('provision.json'), 'utf8')
    expect(JSON.parse(described).choice).toMatchObject({ kind: 'azure', registry: HOST })
    const again = await provision('--secrets-file', 'acr.json', '--yes')
    expect(actionsOf(again)).toEqual(new Set(['keep']))
    expect(await readFile(home.join('provision.json'), 'utf8')).toBe(described)

    const mirrored = await gpreg(mirrorTo(`${HOST}/gitpod`, certificates.caFile), { env: env() })
    expect(mirrored.exitCode, mirrored.stdout + mirrored.stderr).toBe(0)
    expect(
      acr.front.exchanges.some(({ path, status }) => path === '/oauth2/exchange' && status === 200),
    ).toBe(true)
    const { password, username } = registry
    for (const { target, digest } of mirrored.json().images) {
      const creds = ['--creds', `${username}:${password}`]
      const raw = await runProcess('skopeo', ['inspect', '--raw', ...creds, `docker://${target}`], {
        env: { ...process.env, HTTPS_PROXY: acr.proxy.url, SSL_CERT_FILE: certificates.caFile },
      })
      expect(sha256(raw.stdout), raw.stderr).toBe(digest)
    }
    const values = await gpreg(
      [
        'values',
        'azure',
        '--from',
        'provision.json',
        '--domain',
        'gitpod.example.com',
        '-o',
        'config.yaml',
        '--secrets',
        'secrets',
      ],
      { cwd: home.path },
    )
    expect(values.exitCode, values.stderr).toBe(0)
    expect(await readFile(home.join('config.yaml'), 'utf8')).toContain(HOST)
  })
})

describe('Google Cloud', () => {
  it('is provisioned by the command, which prints commands for the roles that only an owner can grant', async () => {
    await using home = await temporaryDirectory()
    const cloud = new Cloud()
    await using apis = await startRestServer(cloud)
    const operator = serviceAccountKey('operator@p1.iam.gserviceaccount.com')
    await writeFile(home.join('operator.json'), operator.json.reveal(), { mode: 0o600 })
    const provision = (...flags: string[]) =>
      gpreg(
        [
          ...['provision', 'gcp', '--project', 'p1', '--location', 'europe-west1', '--json'],
          ...['--service-account', 'storage@p1.iam.gserviceaccount.com', ...flags],
        ],
        {
          cwd: home.path,
          env: {
            GOOGLE_APPLICATION_CREDENTIALS: home.join('operator.json'),
            CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: apis.url,
            CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: apis.url,
          },
        },
      )
    const dry = await provision('--dry-run')
    expect(dry.exitCode, dry.stdout + dry.stderr).toBe(0)
    expect(cloud.log.writes).toEqual([])
    const made = await provision('--yes')
    expect(made.exitCode, made.stdout + made.stderr).toBe(0)
    expect([...cloud.enabled].sort()).toEqual([
      'artifactregistry.googleapis.com',
      'containerregistry.googleapis.com',
    ])
    expect(cloud.repositories.size).toBe(1)
    expect(made.json().notes.join('\n')).toMatch(
      /gcloud .*add-iam-policy-binding.*storage@p1\.iam\.gserviceaccount\.com/,
    )
    const described = await readFile(home.join('provision.json'), 'utf8')
    const again = await provision('--yes')
    expect(actionsOf(again)).toEqual(new Set(['keep']))
    expect(await readFile(home.join('provision.json'), 'utf8')).toBe(described)
    expect(JSON.parse(described).choice).toMatchObject({
      kind: 'gcp',
      project: 'p1',
      registryHost: 'europe-west1-docker.pkg.dev/p1/gitpod',
    })
    const key = JSON.parse(operator.json.reveal()).private_key
    for (const { stdout, stderr } of [dry, made, again])
      expect(stdout + stderr + described).not.toContain(key.split('\n')[1])
  })
})
