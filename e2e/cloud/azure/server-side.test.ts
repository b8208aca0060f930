import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  azureCertificates,
  startAcrCloud,
  startAzureCloud,
  type AcrCloud,
  type AzureCloud,
} from '../../support/cloud/azure/azure-cloud.ts'
import { GROUP } from '../../support/cloud/azure/subscription.ts'
import { startConnectProxy, type ConnectProxy } from '../../support/cloud/connect-proxy.ts'
import { gpreg } from '../../support/gpreg.ts'
import { makeImage, makeIndex, makeLayer, type Image } from '../../support/images.ts'
import { mustRun } from '../../support/process.ts'
import { startReverseProxy, type ReverseProxy } from '../../support/reverse-proxy.ts'
import { needs } from '../../support/tools.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

const HOST = 'gitpodimages.azurecr.io'
const layer = makeLayer('shared', 300_000)
const images: Readonly<Record<string, Image>> = {
  index: makeIndex([
    [{ os: 'linux', architecture: 'amd64' }, makeImage([layer, makeLayer('amd64', 100_000)])],
    [{ os: 'linux', architecture: 'arm64' }, makeImage([layer, makeLayer('arm64', 100_000)])],
  ]),
  plain: makeImage([layer, makeLayer('plain', 100_000)]),
  unknown: makeImage([makeLayer('unknown', 50_000)]),
  inside: makeImage([makeLayer('inside', 50_000)]),
}

/** A public registry, and Azure, which copies from it by itself: with skopeo, past the line of the client. */
describe.skipIf(needs('openssl', 'docker-registry', 'skopeo'))('mirror --server-side', () => {
  let certificates: Awaited<ReturnType<typeof azureCertificates>>
  let azure: AzureCloud
  let acr: AcrCloud
  let upstream: Upstream
  let quay: ReverseProxy
  let proxy: ConnectProxy

  beforeAll(async () => {
    certificates = await azureCertificates()
    azure = await startAzureCloud(certificates)
    acr = await startAcrCloud(azure, ['https://containerregistry.azure.net'])
    upstream = await startUpstream()
    for (const [name, image] of Object.entries(images)) await upstream.add(`gitpod/${name}:1`, image)
    quay = await startReverseProxy({ to: upstream.url, certificates })
    const portOf = (address: string) => Number(address.split(':').at(-1))
    proxy = await startConnectProxy({
      [`${HOST}:443`]: portOf(acr.front.host),
      'quay.io:443': portOf(quay.host),
      'management.azure.com:443': portOf(azure.resourceManager),
    })
    azure.subscription.polls = 0
    azure.subscription.imports.polls = 1
    azure.subscription.put(GROUP, 'gitpodimages', { location: 'westeurope', sku: { name: 'Premium' } })
    azure.subscription.imports.copy = async (source, target) => {
      if (source.includes('unknown')) throw new Error('the source answered 401')
      const from = `docker://${source.replace('quay.io', upstream.host)}`
      const to = `docker://${acr.registry.host}/${target.includes(':') ? target : target + source.slice(source.indexOf('@'))}`
      const untested = ['--src-tls-verify=false', '--dest-tls-verify=false']
      await mustRun('skopeo', ['copy', '--all', '--preserve-digests', ...untested, from, to])
    }
  })
  afterEach(() => azure.log.clear())
  afterAll(async () => {
    for (const one of [proxy, quay, upstream, acr, azure, certificates]) await one?.[Symbol.asyncDispose]()
  })

  const mirror = (names: readonly string[], to = `${HOST}/gitpod`, env: Record<string, string> = {}) =>
    gpreg(
      [
        ...[
          'mirror',
          '--to',
          to,
          '--server-side',
          '--json',
          '--naming',
          'flat',
          '--ca-file',
          certificates.caFile,
        ],
        ...names.flatMap(name => ['--image', name]),
      ],
      {
        env: {
          ...azure.env,
          HTTPS_PROXY: proxy.url,
          NO_PROXY: '127.0.0.1,localhost',
          NODE_EXTRA_CA_CERTS: certificates.caFile,
          ...env,
        },
      },
    )
  const uploads = () =>
    acr.front.exchanges.filter(({ kind, method }) => kind === 'upload' || method === 'PUT')

  it('is refused as a whole where it cannot work, and nothing is written', async () => {
    const image = 'quay.io/gitpod/plain:1'
    const elsewhere = await mirror([image], `${upstream.host}/x`)
    expect(elsewhere.exitCode, elsewhere.stderr).toBe(2)
    expect(elsewhere.json().error).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('azurecr.io'),
    })

    const stranger = await mirror([image], undefined, { AZURE_CLIENT_SECRET: 'wrong' })
    expect(stranger.exitCode, stranger.stdout).toBe(5)
    expect(stranger.json().error).toMatchObject({
      code: 'unauthorized',
      hint: expect.stringContaining('az login'),
    })

    const other = await mirror([image], undefined, {
      AZURE_SUBSCRIPTION_ID: '00000000-0000-4000-8000-00000000ffff',
    })
    expect(other.exitCode, other.stdout).toBe(3)
    expect(other.json().error).toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('AZURE_SUBSCRIPTION_ID'),
    })

    azure.log.faults((_, { name }) => (name === 'import' ? 'refuse' : undefined))
    const unable = await mirror([image])
    expect(unable.exitCode, unable.stdout).toBe(5)
    expect(unable.json().error).toMatchObject({
      code: 'forbidden',
      permission: 'Microsoft.ContainerRegistry/registries/importImage/action',
      hint: expect.stringContaining('az role assignment create'),
    })
    expect(uploads()).toEqual([])
  })

  it('lets Azure fetch by digest what is public, and copies the rest, with the reason', async () => {
    const inside = `${upstream.host}/gitpod/inside:1`
    const names = ['index', 'plain', 'unknown'].map(name => `quay.io/gitpod/${name}:1`)
    const run = await mirror([inside, ...names])
    expect(run.exitCode, run.stdout + run.stderr).toBe(0)
    const { images: rows, totals } = run.json()
    expect(rows).toMatchObject([
      { source: inside, status: 'copied', via: 'line', notServerSide: { code: 'unreachable' } },
      { status: 'copied', via: 'server-side', digest: images['index']!.manifest.digest },
      { status: 'copied', via: 'server-side', digest: images['plain']!.manifest.digest },
      {
        status: 'copied',
        via: 'line',
        notServerSide: { message: expect.stringContaining('the source answered 401') },
      },
    ])
    const sent = sizeOf(images['unknown']!) + sizeOf(images['inside']!)
    expect(totals).toMatchObject({ copied: 4, serverSide: 2, bytes: { sent } })
    expect(run.stderr).toContain('is copied over this line, because the registry did not fetch it')
    const { asked } = azure.subscription.imports
    expect(asked).toContainEqual({
      source: { registryUri: 'quay.io', sourceImage: `gitpod/index@${images['index']!.manifest.digest}` },
      targetTags: ['gitpod/index:1'],
      mode: 'NoForce',
    })
    // No byte of the fetched images has crossed the line of the client.
    const read = quay.exchanges.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))
    expect(read.every(({ path }) => path.includes('/gitpod/unknown/'))).toBe(true)

    const again = await mirror([inside, ...names])
    expect(again.exitCode, again.stdout + again.stderr).toBe(0)
    expect(again.json().totals).toMatchObject({ copied: 0, upToDate: 4, serverSide: 0 })
    expect(asked).toHaveLength(3)
  })
})

const sizeOf = ({ blobs }: Image): number => blobs.reduce((sum, { bytes }) => sum + bytes.length, 0)
