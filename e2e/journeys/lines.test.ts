import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { makeImage, makeIndex, type Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import {
  startReverseProxy,
  uploadedBytes,
  type Exchange,
  type Interceptor,
} from '../support/reverse-proxy.ts'
import { startServe } from '../support/serve.ts'
import { expectImage } from '../support/skopeo.ts'
import { startSlowLine } from '../support/slow-line.ts'
import { wrongBlobs } from '../support/storage.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { startWanLine } from '../support/wan-line.ts'
import { pseudoRandomLayer } from '../bench/stock.ts'

/** The layer is large enough for a journal and for several connections. */
const SIZE = 120_000_000

describe.skipIf(needs('docker-registry', 'skopeo'))('a huge layer', () => {
  let upstream: Upstream
  let image: Image

  beforeAll(async () => {
    upstream = await startUpstream()
    image = makeImage([pseudoRandomLayer('huge', SIZE)])
    await upstream.add('docker.io/library/huge:1', image)
  })
  afterAll(() => upstream?.stop())

  const command = (from: string, to: string, ...more: string[]) =>
    [
      'mirror',
      '--image',
      'docker.io/library/huge:1',
      '--source-mirror',
      `docker.io=${from}/docker.io`,
    ].concat(['--to', to, '--json'], more)

  /** Kills a copy near its end and runs it again. Returns the part of the layer that was sent again. */
  const sentAgain = async (target: URL, journal: string): Promise<number> => {
    await using line = await startSlowLine(upstream.url, 9_000_000)
    let isKilled = false
    const isNearEnd = (exchanges: readonly Exchange[]) => uploadedBytes(exchanges) > 0.8 * SIZE
    // A chunk that would begin near the end waits for the kill, so that none is torn. The ones before are in the journal by then.
    const intercept: Interceptor = ({ exchange, forward }) => {
      if (isKilled || exchange.method !== 'PATCH' || !isNearEnd(proxy.exchanges)) forward()
    }
    await using proxy = await startReverseProxy({ to: target, intercept })
    const env = { GPREG_UPLOAD_JOURNAL: journal }
    const to = `${proxy.host}/gitpod`
    await using first = await startGpreg(command(line.host, to), { env })
    await proxy.until(exchanges => {
      const { method, received } = exchanges.at(-1) ?? {}
      return method === 'PATCH' && received === 0 && isNearEnd(exchanges)
    })
    first.signal('SIGKILL')
    await first.exited
    isKilled = true
    const before = uploadedBytes(proxy.exchanges)
    proxy.clear()
    const second = await gpreg(command(line.host, to), { env })
    expect(second.exitCode, second.stderr).toBe(0)
    await expectImage(`${to}/library/huge:1`, image)
    return (before + uploadedBytes(proxy.exchanges) - SIZE) / SIZE
  }

  it.concurrent('that was killed near its end continues in gpreg serve', async () => {
    await using directory = await temporaryDirectory()
    await using server = await startServe(directory.join('layout'))
    expect(await sentAgain(new URL(`http://${server.host}`), directory.join('journal'))).toBeLessThan(0.12)
    expect(await wrongBlobs(directory.join('layout'))).toEqual([])
  })

  it.concurrent(
    'that was killed near its end continues after the last complete chunk in docker-registry',
    async () => {
      await using directory = await temporaryDirectory()
      await using target = await startRegistry()
      expect(await sentAgain(target.url, directory.join('journal'))).toBeLessThan((4 * 1024 * 1024) / SIZE)
      expect(await wrongBlobs(target.storage)).toEqual([])
    },
  )

  /**
   * Copies over a line on which each single connection is slow.
   * @param perConnection bytes a second
   * @param intercept handles requests to the source
   */
  const overWan = async (perConnection: number, intercept?: Interceptor) => {
    await using target = await startRegistry()
    await using proxy = await startReverseProxy({ to: upstream.url, ...(intercept ? { intercept } : {}) })
    await using wan = await startWanLine(new URL(`http://${proxy.host}`), {
      roundTrip: 20,
      perConnection,
      inAll: 90_000_000,
    })
    const run = await gpreg(command(wan.host, `${target.host}/gitpod`))
    expect(run.exitCode, run.stderr).toBe(0)
    await expectImage(`${target.host}/gitpod/library/huge:1`, image)
    const layer = proxy.exchanges.filter(({ kind, method }) => kind === 'blob' && method === 'GET')
    return { layer, wan }
  }

  it('uses several connections, and each byte comes once', async () => {
    // Slower than a busy processor, which would be the bottleneck else: then one connection is the right number.
    const { layer, wan } = await overWan(6_000_000)
    expect(layer.filter(({ status }) => status === 206).length).toBeGreaterThan(10)
    // Up to a dozen connections share the layer.
    expect(wan.countCarrying(SIZE / 20)).toBeGreaterThan(1)
    expect(wan.passed()).toBeLessThan(1.05 * SIZE)
  })

  it.concurrent.each([429, 503, 403])('keeps its one connection if a range is answered %i', async status => {
    const { layer } = await overWan(18_000_000, ({ request, response, forward }) => {
      if (request.headers.range === undefined) forward()
      else response.writeHead(status).end()
    })
    // The config of the image, its layer, and the range.
    expect(layer.map(({ status }) => status).sort()).toEqual([200, 200, status])
  })

  it.concurrent('keeps its one connection if a range is answered with the whole layer', async () => {
    const { layer, wan } = await overWan(18_000_000, ({ request, forward }) => {
      delete request.headers.range
      forward()
    })
    expect(layer.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(wan.passed()).toBeLessThan(1.2 * SIZE)
  })

  /** Copies an index. After the first manifest, the source allows no pulls for a while. */
  const withoutPulls = async (name: string, ...flags: string[]) => {
    const index = makeIndex([
      [{ os: 'linux', architecture: 'amd64' }, makeImage([pseudoRandomLayer(name, 1000)])],
    ])
    await upstream.add(`docker.io/library/${name}:1`, index)
    await using target = await startRegistry()
    await using proxy = await startFaultProxy({ to: upstream.url })
    const fault = { kind: 'header', name: 'ratelimit-remaining', value: '0;w=3' } as const
    proxy.inject({ method: 'GET', path: /\/manifests\//, fault })
    const from = ['--source-mirror', `docker.io=${proxy.host}/docker.io`, '--no-referrers']
    const to = ['--to', `${target.host}/gitpod`, '--json']
    const started = performance.now()
    const run = await gpreg(['mirror', '--image', `docker.io/library/${name}:1`, ...from, ...to, ...flags])
    expect(proxy.dealt()).toBe(1)
    return { run, milliseconds: performance.now() - started }
  }

  it('waits for pulls with --wait-for-quota, and prints that it waits', async () => {
    const { run, milliseconds } = await withoutPulls('patient', '--wait-for-quota')
    expect(run.exitCode, run.stderr).toBe(0)
    expect(run.stderr).toMatch(/no pulls left/)
    expect(milliseconds).toBeGreaterThan(3000)
  })

  it('fails with a hint without --wait-for-quota', async () => {
    const { run } = await withoutPulls('impatient')
    expect(run.exitCode).toBe(3)
    expect(run.json().images[0].error).toMatchObject({
      code: 'rate-limited',
      hint: expect.stringContaining('--wait-for-quota'),
    })
  })

  it('respects --limit-rate over all streams together', async () => {
    await using target = await startRegistry()
    const [started, before] = [performance.now(), upstream.requests().length]
    const run = await gpreg(command(upstream.host, `${target.host}/gitpod`, '--limit-rate', '20MB'))
    expect(run.exitCode, run.stderr).toBe(0)
    const rate = SIZE / run.json().totals.seconds
    expect(rate).toBeLessThan(20_000_000 * 1.05)
    // The limit is wide, because other journeys use a part of the machine. The benchmark measures the exact rate.
    expect(rate).toBeGreaterThan(20_000_000 * 0.7)
    expect(performance.now() - started).toBeGreaterThan((1000 * SIZE) / 20_000_000)
    // With a rate limit, the layer and its config are fetched by one request each, because ranges would be fetched ahead
    // of the limit.
    const blobs = () =>
      upstream
        .requests()
        .slice(before)
        .filter(({ path }) => path.includes('/blobs/'))
    await expect.poll(() => blobs().length).toBe(2)
  })
})
