import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { pseudoRandomLayer } from '../bench/stock.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { endToEnd, startReverseProxy } from '../support/reverse-proxy.ts'
import { expectImage } from '../support/skopeo.ts'
import { needs } from '../support/tools.ts'
import { startUpstream } from '../support/upstream.ts'
import { startWanLine } from '../support/wan-line.ts'

const SIZE = 120_000_000

/** An address is valid for one request, which must begin within this time in milliseconds. */
const VALID = 1_000

/** The first answer breaks after this many bytes. */
const FIRST = 4_000_000

it.skipIf(needs('docker-registry', 'skopeo'))(
  'a huge layer behind signed addresses: every piece is requested from the registry again, and each byte is sent once',
  async () => {
    await using upstream = await startUpstream()
    const image = makeImage([pseudoRandomLayer('signed', SIZE)])
    await upstream.add('docker.io/library/signed:1', image)
    const { digest } = image.blobs.find(({ bytes }) => bytes.length === SIZE)!

    const signed = new Map<string, number>()
    let [refused, broken] = [0, false]
    await using storage = await startReverseProxy({
      to: upstream.url,
      intercept: ({ request, response, forward }) => {
        const { pathname, searchParams } = new URL(request.url!, upstream.url)
        const signature = searchParams.get('signature') ?? ''
        const until = signed.get(signature) ?? 0
        signed.delete(signature)
        if (performance.now() > until) {
          refused++
          return void response.writeHead(403).end()
        }
        request.url = pathname
        if (broken || !pathname.endsWith(digest)) return forward()
        broken = true
        forward({ answer: answer => breakAfter(FIRST, answer, response) })
      },
    })
    await using line = await startWanLine(new URL(`http://${storage.host}`), {
      roundTrip: 20,
      perConnection: 18_000_000,
      inAll: 90_000_000,
    })
    await using source = await startReverseProxy({
      to: upstream.url,
      intercept: ({ exchange, request, response, forward }) => {
        if (exchange.kind !== 'blob' || exchange.method !== 'GET') return forward()
        const signature = `${signed.size}-${performance.now()}`
        signed.set(signature, performance.now() + VALID)
        response
          .writeHead(307, { location: `http://${line.host}${request.url}?signature=${signature}` })
          .end()
      },
    })
    await using target = await startRegistry()
    const run = await gpreg([
      ...['mirror', '--image', 'docker.io/library/signed:1', '--json'],
      ...['--source-mirror', `docker.io=${source.host}/docker.io`, '--to', `${target.host}/gitpod`],
    ])
    expect(run.exitCode, run.stderr).toBe(0)
    await expectImage(`${target.host}/gitpod/library/signed:1`, image)
    expect(broken).toBe(true)
    expect(storage.exchanges.filter(({ status }) => status === 206).length).toBeGreaterThan(10)
    expect(refused).toBe(0)
    expect(source.count({ method: 'GET', kind: 'blob' })).toBe(storage.exchanges.length)
    expect(line.passed()).toBeLessThan(1.05 * SIZE)
  },
)

/** Sends the headers and this many bytes of an answer, then closes the connection. */
function breakAfter(bytes: number, answer: IncomingMessage, response: ServerResponse): void {
  let left = bytes
  response.writeHead(answer.statusCode!, endToEnd(answer))
  answer.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left > 0) response.write(chunk)
    else response.socket?.destroySoon()
  })
}
