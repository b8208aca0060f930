import { writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCertificates, type Certificates } from '@gpreg/oci/testing'
import { gpreg } from '../support/gpreg.ts'
import { honest, startHostileServer, type HostileServer, type Hostility } from '../support/hostile-server.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startServe, type Serve } from '../support/serve.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'

const PASSWORD = 'canary-password'
const BASIC = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`
const STALL = 1

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const blobs = /\/blobs\/sha256:/

describe.skipIf(needs('openssl'))('a hostile registry', () => {
  let directory: TemporaryDirectory
  let certificates: Certificates
  let target: Serve
  let runs = 0

  beforeAll(async () => {
    directory = await temporaryDirectory()
    certificates = await makeCertificates(directory.path)
    target = await startServe(directory.join('target'))
  })

  afterAll(async () => {
    await target?.[Symbol.asyncDispose]()
    await directory?.[Symbol.asyncDispose]()
  })

  /** Mirrors from a host (or to a host) for which the user has a password. */
  const mirror = async (hosts: { source: string; target?: string }) => {
    const authfile = directory.join(`auth-${++runs}.json`)
    const auth = BASIC.slice('Basic '.length)
    const named = [hosts.source, hosts.target].filter(host => host !== undefined)
    await writeFile(
      authfile,
      JSON.stringify({ auths: Object.fromEntries(named.map(host => [host, { auth }])) }),
    )
    const started = performance.now()
    const run = await gpreg(
      [
        'mirror',
        '--image',
        'docker.io/library/app:1',
        '--source-mirror',
        `docker.io=${hosts.source}/docker.io`,
      ].concat(
        ['--to', `${hosts.target ?? target.host}/run-${runs}`, '--authfile', authfile],
        ['--ca-file', certificates.caFile, '--json', '--verbose'],
      ),
      { env: { GPREG_STALL_TIMEOUT: String(STALL) } },
    )
    expect(run.stdout + run.stderr).not.toContain(PASSWORD)
    expect(run.stdout + run.stderr).not.toContain(auth)
    return { run, seconds: (performance.now() - started) / 1000, error: () => run.json().images[0].error }
  }

  const guarded =
    (rest: Hostility, challenge = 'Basic realm="hostile"'): Hostility =>
    (request, response) => {
      if (request.headers.authorization !== undefined) return rest(request, response)
      response.writeHead(401, { 'www-authenticate': challenge }).end()
      return true
    }
  /** Each test has an image of its own, because gpreg does not read content that the target already has. */
  let image = makeImage([])
  const server = (answer: Hostility, tls = false): Promise<HostileServer> =>
    startHostileServer(answer, { otherwise: honest(image), ...(tls ? { certificates } : {}) })
  beforeEach(() => void (image = makeImage([makeLayer('one', 300_000)])))
  const credentialsSeen = ({ seen }: HostileServer) =>
    seen.filter(({ authorization }) => authorization !== undefined)

  it('that names a plain http realm receives no password there', async () => {
    await using thief = await server(() => {})
    await using source = await server(
      guarded(() => {}, `Bearer realm="http://${thief.host}/token",service="x"`),
      true,
    )
    const { run, error } = await mirror({ source: source.host })
    expect(run.exitCode).toBe(3)
    expect(error()).toMatchObject({ code: 'protocol', hint: expect.stringMatching(/\w/) })
    expect(thief.seen).toEqual([])
  })

  it('that names a realm on another host: gpreg gets a token there without sending the password', async () => {
    await using realm = await server((request, response) => {
      expect(request.headers.authorization).toBe(BASIC)
      response.end(JSON.stringify({ token: 'from-the-realm' }))
      return true
    }, true)
    await using source = await server(
      guarded(() => {}, `Bearer realm="https://${realm.host}/token"`),
      true,
    )
    const { run } = await mirror({ source: source.host })
    expect(run.exitCode, run.stderr).toBe(0)
    expect(new Set(credentialsSeen(source).map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer from-the-realm']),
    )
  })

  it('that redirects to another host: no credentials are sent there', async () => {
    await using other = await server(() => {})
    await using source = await server(
      guarded((request, response) => {
        if (!blobs.test(request.url!)) return false
        response.writeHead(307, { location: `http://${other.host}${request.url}` }).end()
        return true
      }),
    )
    const { run } = await mirror({ source: source.host })
    expect(run.exitCode, run.stderr).toBe(0)
    expect(other.seen.length).toBeGreaterThan(0)
    expect(credentialsSeen(other)).toEqual([])
  })

  it('that redirects from https to http is not followed', async () => {
    await using other = await server(() => {})
    await using source = await server((request, response) => {
      if (!blobs.test(request.url!)) return false
      response.writeHead(307, { location: `http://${other.host}${request.url}` }).end()
      return true
    }, true)
    const { run, error } = await mirror({ source: source.host })
    expect(run.exitCode).toBe(3)
    expect(error().code).toBe('protocol')
    expect(other.seen).toEqual([])
  })

  it('that sends uploads to another host: no credentials are sent there', async () => {
    await using other = await server((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end())
      return true
    })
    await using source = await server(() => {})
    await using hostile = await startHostileServer(
      guarded((request, response) => {
        if (request.method !== 'POST') return false
        response.writeHead(202, { location: `http://${other.host}/upload` }).end()
        return true
      }),
    )
    await mirror({ source: source.host, target: hostile.host })
    expect(other.seen.length).toBeGreaterThan(0)
    expect(credentialsSeen(other)).toEqual([])
  })

  it('that wants another token each time is not asked for ever', async () => {
    await using source = await server((request, response) => {
      if (request.url!.startsWith('/token')) response.end(JSON.stringify({ token: `for-something-else` }))
      else
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="http://${request.headers.host}/token",scope="repository:other:pull"`,
          })
          .end()
      return true
    })
    const { run, error } = await mirror({ source: source.host })
    expect(run.exitCode).toBe(5)
    expect(error().code).toBe('unauthorized')
    expect(source.seen.length).toBeLessThan(20)
  })

  it('with endless referrers leaves them unknown, which is no empty list', async () => {
    await using source = await server((request, response) => {
      if (!request.url!.includes('/referrers/')) return false
      response.setHeader('link', `<${request.url!.split('?')[0]}?n=${source.seen.length}>; rel="next"`)
      response.setHeader('content-type', 'application/vnd.oci.image.index.v1+json')
      response.end('{"schemaVersion":2,"manifests":[]}')
      return true
    })
    const { run } = await mirror({ source: source.host })
    expect(run.exitCode).toBe(0)
    expect(run.json().images[0]).toMatchObject({ status: 'copied', referrers: 'unknown' })
    expect(run.stderr).toContain('--no-referrers')
    expect(source.seen.length).toBeLessThan(200)
  })

  const huge = 1_000_000_000
  /** Sends bytes until the client closes the connection. */
  const flood = (response: ServerResponse) => {
    if (response.req.method === 'HEAD') return void response.end()
    const endless = function* () {
      for (const chunk = Buffer.alloc(64 * 1024, ' '); ;) yield chunk
    }
    void pipeline(Readable.from(endless()), response).catch(() => {})
  }
  it.each<[string, Record<string, string | number>]>([
    ['of 1 GB', { 'content-length': huge }],
    ['without an end', {}],
  ])('with a manifest %s is not read to the end', async (_, headers) => {
    await using source = await server((request, response) => {
      if (!request.url!.includes('/manifests/')) return false
      // no digest, so that gpreg has to read the manifest
      response.writeHead(200, { 'content-type': MANIFEST, ...headers })
      if (request.method === 'HEAD') response.end()
      else flood(response)
      return true
    })
    const { run, error } = await mirror({ source: source.host })
    expect(run.exitCode).toBe(3)
    expect(error().code).toBe('manifest-too-large')
    expect(source.sent()).toBeLessThan(100_000_000)
  })

  it.each<[string, Hostility]>([
    ['an error page', (_, response) => (response.writeHead(400), flood(response), true)],
    [
      'a token',
      (request, response) => {
        if (request.url!.startsWith('/token')) flood(response)
        else
          response
            .writeHead(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token"` })
            .end()
        return true
      },
    ],
    ['headers', (_, response) => (response.writeHead(200, { 'x-long': 'x'.repeat(500_000) }).end(), true)],
  ])('with endless %s ends in a typed error', async (_, answer) => {
    await using source = await server(answer)
    const { run, error } = await mirror({ source: source.host })
    expect([3, 5, 6]).toContain(run.exitCode)
    expect(error().code).not.toBe('bug')
    expect(source.sent()).toBeLessThan(100_000_000)
  })

  it.concurrent.each<[string, Hostility]>([
    [
      'headers that come byte by byte',
      ({ socket }) => {
        const text = 'HTTP/1.1 200 OK\r\nx-slow: '
        let position = 0
        const timer = setInterval(() => {
          if (socket.destroyed) return clearInterval(timer)
          socket.write(text[position++] ?? 'x')
        }, 200)
        return true
      },
    ],
    [
      'a manifest that comes byte by byte',
      (request, response) => {
        if (!request.url!.includes('/manifests/')) return false
        response.writeHead(200, { 'content-type': MANIFEST })
        if (request.method === 'HEAD') return (response.end(), true)
        const timer = setInterval(
          () => (response.destroyed ? clearInterval(timer) : response.write(' ')),
          200,
        )
        return true
      },
    ],
  ])('with %s is given up', async (_, answer) => {
    await using source = await server(answer)
    const { run, seconds, error } = await mirror({ source: source.host })
    expect(run.exitCode).toBe(6)
    expect(error().code).toBe('stalled')
    expect(seconds).toBeLessThan(STALL * 15)
  })
})
