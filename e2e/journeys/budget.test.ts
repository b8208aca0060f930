import { expect, it } from 'vitest'
import { pseudoRandomLayer } from '../bench/stock.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { startReverseProxy } from '../support/reverse-proxy.ts'
import { expectImage } from '../support/skopeo.ts'
import { needs } from '../support/tools.ts'
import { startUpstream } from '../support/upstream.ts'
import { startWanLine } from '../support/wan-line.ts'

/** The layers are large enough to need a slot of the budget. Each takes over half a second on the line. */
const [LAYERS, SIZE] = [280, 300_000]
const LINE = { roundTrip: 5, perConnection: 500_000, inAll: 50_000_000 }

/** The source refuses if this many blobs are in transfer, and it does so this many times. */
const [TOO_MANY, REFUSALS] = [8, 6]

// Both cases run at once, because they mostly wait.
it.skipIf(needs('docker-registry', 'skopeo')).concurrent.each([429, 503])(
  'a source that answers %i gets half as many requests at once, and later more again',
  async status => {
    await using upstream = await startUpstream()
    const layers = Array.from({ length: LAYERS }, (_, nth) => pseudoRandomLayer(`busy-${nth}`, SIZE))
    const image = makeImage(layers)
    await upstream.add('docker.io/library/busy:1', image)
    await using line = await startWanLine(upstream.url, LINE)
    await using target = await startRegistry()

    /** Number of blobs in transfer at each start of a blob; times in milliseconds since the first refusal. */
    const starts: { readonly at: number; readonly inFlight: number }[] = []
    let [inFlight, refused, firstRefusal] = [0, 0, Infinity]
    await using source = await startReverseProxy({
      to: new URL(`http://${line.host}`),
      intercept: ({ exchange, response, forward }) => {
        if (exchange.kind !== 'blob' || exchange.method !== 'GET') return forward()
        inFlight++
        response.on('close', () => inFlight--)
        const now = performance.now()
        if (inFlight >= TOO_MANY) firstRefusal = Math.min(firstRefusal, now)
        if (now >= firstRefusal && refused < REFUSALS) {
          refused++
          return void response.writeHead(status).end()
        }
        starts.push({ at: now, inFlight })
        forward()
      },
    })
    const run = await gpreg([
      ...['mirror', '--image', 'docker.io/library/busy:1', '--json'],
      ...['--source-mirror', `docker.io=${source.host}/docker.io`, '--to', `${target.host}/gitpod`],
    ])
    expect(run.exitCode, run.stderr).toBe(0)
    await expectImage(`${target.host}/gitpod/library/busy:1`, image)

    const most = (from: number, to: number) =>
      Math.max(
        ...starts
          .filter(({ at }) => at - firstRefusal >= from && at - firstRefusal < to)
          .map(one => one.inFlight),
      )
    expect(refused).toBe(REFUSALS)
    // Blobs that were in transfer finish first. Then gpreg waits ten seconds before it tries more at once.
    const after = most(3_000, 9_000)
    expect(after).toBeLessThanOrEqual(TOO_MANY / 2)
    expect(most(11_000, Infinity)).toBeGreaterThan(after)
  },
)
