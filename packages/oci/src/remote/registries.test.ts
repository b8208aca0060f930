import type { IncomingMessage, ServerResponse } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { scriptedServer } from '../testing/scripted-server.ts'
import { createContext, type Context } from '../context.ts'
import type { OciEvent } from '../events.ts'
import { recycle } from '../machine/lent-memory.ts'
import { digestOf } from '../model/hash.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { parseReference } from '../model/reference.ts'
import { contentFrom } from '../store/content.ts'
import { createRegistries, type RegistriesOptions } from './registries.ts'
import type { RemoteRepository } from './repository.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** A repository on a scripted server. Waits take no time; they are recorded. */
async function repositoryOn(
  answer: Answer,
  options: RegistriesOptions = {},
  overrides: Partial<Context> = {},
) {
  const server = await scriptedServer(answer)
  cleanups.push(() => server[Symbol.asyncDispose]())
  const waits: number[] = []
  const events: OciEvent[] = []
  let clock = Date.parse('2026-01-01T00:00:00Z')
  const context = createContext({
    emit: event => events.push(event),
    now: () => clock,
    elapsed: () => clock,
    sleep: async milliseconds => {
      waits.push(milliseconds)
      clock += milliseconds
    },
    random: () => 1,
    ...overrides,
  })
  const registries = await createRegistries({ env: { HOME: '/nonexistent' }, ...options }, context)
  cleanups.push(() => registries.close())
  const repository: RemoteRepository = registries.open(
    'source',
    parseReference(`${server.host}/library/app:1`),
  ).repository
  return { server, repository, registries, waits, events }
}

const blob = Buffer.from('0123456789'.repeat(1000))
const layer: Descriptor = { mediaType: MediaType.ociLayerGzip, digest: digestOf(blob), size: blob.byteLength }

async function read(repository: RemoteRepository, descriptor = layer): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of repository.fetch(descriptor)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('downloads', () => {
  it('continue by Range after a cut at any tenth of the blob', async () => {
    for (let tenth = 0; tenth < 10; tenth++) {
      const cut = (blob.byteLength * tenth) / 10
      let requests = 0
      const { repository, server } = await repositoryOn((request, response) => {
        const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
        response.writeHead(start > 0 ? 206 : 200, {
          'content-length': blob.byteLength - start,
          ...(start > 0
            ? { 'content-range': `bytes ${start}-${blob.byteLength - 1}/${blob.byteLength}` }
            : {}),
        })
        if (requests++ > 0) return void response.end(blob.subarray(start))
        response.write(blob.subarray(0, cut), () => setImmediate(() => response.destroy()))
      })
      expect((await read(repository)).equals(blob)).toBe(true)
      expect(server.seen.length).toBeGreaterThan(1)
    }
  })

  it('skip the bytes that they have if the server ignores the range', async () => {
    let requests = 0
    const { repository } = await repositoryOn((_request, response) => {
      response.writeHead(200, { 'content-length': blob.byteLength })
      if (requests++ > 0) return void response.end(blob)
      response.write(blob.subarray(0, 4321), () => setImmediate(() => response.destroy()))
    })
    expect((await read(repository)).equals(blob)).toBe(true)
  })

  it.each<[string, Record<string, string>, object]>([
    ['tells how many', { 'content-range': 'bytes */400' }, { retryable: false }],
    ['does not tell how many', {}, { retryable: true }],
  ])('fail with the size if the registry has fewer bytes, and %s', async (_, headers, more) => {
    const { repository, server } = await repositoryOn(({ headers: { range } }, response) => {
      if (range !== undefined) return void response.writeHead(416, headers).end()
      response.write(blob.subarray(0, 400))
      response.end()
    })
    const error = { code: 'size-mismatch', subject: { digest: layer.digest, host: server.host }, ...more }
    await expect(read(repository)).rejects.toMatchObject(error)
    expect(server.seen).toHaveLength(2)
    await expect(Array.fromAsync(repository.fetch(layer, { offset: 400 }))).rejects.toMatchObject(error)
  })

  it('use the memory of skipped bytes again', async () => {
    const [skipped, wanted] = [40 * 1024 * 1024, 8 * 1024 * 1024]
    const zeros = Buffer.alloc(skipped + wanted)
    const { repository } = await repositoryOn((_request, response) => void response.end(zeros))
    const large = { ...layer, size: zeros.byteLength }
    let inLargeReads = 0
    for await (const chunk of repository.fetchUnverified(large, { offset: skipped })) {
      if (chunk.buffer.byteLength > 64 * 1024) inLargeReads += chunk.byteLength
      recycle(chunk)
    }
    // Memory that is lost counts until it is collected, and then all reads are small.
    expect(inLargeReads).toBeGreaterThan(wanted / 2)
  })

  it.each<[string, Record<string, string>, number]>([
    ['another coding', { 'content-encoding': 'br' }, 200],
    ['another range', { 'content-range': 'bytes 1-5/10000' }, 206],
    ['a redirect to nowhere', { location: 'ftp://x' }, 307],
  ])('leave the connection of an answer with %s', async (_, headers, status) => {
    const closed: Promise<unknown>[] = []
    const { repository } = await repositoryOn((_request, response) => {
      closed.push(new Promise(resolve => response.once('close', resolve)))
      response.writeHead(status, headers).write(Buffer.alloc(1024 * 1024))
    })
    await expect(read(repository)).rejects.toMatchObject({ code: 'protocol' })
    await expect(repository.readNamed('1')).rejects.toMatchObject({ code: expect.any(String) })
    await Promise.all(closed)
  })

  it('never complete with a wrong digest', async () => {
    const wrong = Buffer.from(blob)
    wrong[5000] = 0
    const { repository } = await repositoryOn((_request, response) => void response.end(wrong))
    const chunks: Uint8Array[] = []
    const reading = (async () => {
      for await (const chunk of repository.fetch(layer)) chunks.push(chunk)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'digest-mismatch', subject: { side: 'source' } })
    expect(Buffer.concat(chunks).byteLength).toBeLessThan(blob.byteLength)
  })

  it('refuse more bytes than the descriptor says', async () => {
    const { repository } = await repositoryOn(
      (_request, response) => void response.end(Buffer.concat([blob, blob])),
    )
    await expect(read(repository)).rejects.toMatchObject({ code: 'size-mismatch' })
  })

  it('fail with `stalled` if no byte arrives', async () => {
    const { repository } = await repositoryOn(
      (_request, response) => {
        response.writeHead(200, { 'content-length': blob.byteLength })
        response.write(blob.subarray(0, 100))
      },
      { stallTimeout: 300 },
    )
    await expect(read(repository)).rejects.toMatchObject({ code: 'stalled' })
  }, 15_000)

  it('give up on a server that makes no progress', async () => {
    const { repository, server } = await repositoryOn((_request, response) => {
      response.writeHead(200, { 'content-length': blob.byteLength })
      response.flushHeaders()
      setImmediate(() => response.destroy())
    })
    await expect(read(repository)).rejects.toMatchObject({ code: 'unreachable' })
    expect(server.seen.length).toBeLessThan(12)
  })
})

it.each([0, 4000, 20_000])('a blob of another length (%i) is asked for three times', async size => {
  const { repository, server } = await repositoryOn((_request, response) => {
    response.writeHead(200, { 'content-length': size }).end(Buffer.alloc(size))
  })
  await expect(read(repository)).rejects.toMatchObject({
    code: 'size-mismatch',
    message: `expected 10000 bytes, got an answer of ${size}`,
  })
  expect(server.seen).toHaveLength(3)
})

it('a web page in place of the receipt of a manifest is told', async () => {
  const { repository, server } = await repositoryOn(
    (_request, response) => void response.end('<!DOCTYPE html><title>Sign in</title>'),
  )
  const bytes = Buffer.from('{}')
  const descriptor = { mediaType: MediaType.ociManifest, digest: digestOf(bytes), size: bytes.byteLength }
  await expect(repository.tag('1', descriptor, bytes)).rejects.toMatchObject({
    code: 'protocol',
    message: `${server.host} answered with a web page ("Sign in"), so nothing was stored`,
  })
})

describe('a web page in place of a blob', () => {
  const page = (length = 0) =>
    `<!DOCTYPE html>\n<html><head><title>Sign in</title></head>${'x'.repeat(length)}</html>`

  it.each([
    ['is told at once', page(), undefined],
    ['is told at once if it is longer than the blob', page(20_000), undefined],
    ['is told at once after a part of the blob', page(), 4321],
  ])('%s', async (_, body, cut) => {
    const { repository, server } = await repositoryOn((_request, response) => {
      if (cut === undefined || server.seen.length > 1) return void response.end(body)
      response.writeHead(200, { 'content-length': blob.byteLength })
      response.write(blob.subarray(0, cut), () => setImmediate(() => response.destroy()))
    })
    await expect(read(repository)).rejects.toMatchObject({
      code: 'protocol',
      message: `${server.host} answered with a web page ("Sign in"), not with a blob`,
      hint: expect.stringContaining('a login page'),
      retryable: false,
    })
    expect(server.seen).toHaveLength(cut === undefined ? 1 : 2)
  })

  it('is content if it is the blob', async () => {
    const bytes = Buffer.from(page())
    const { repository } = await repositoryOn((_request, response) => void response.end(bytes))
    const document = { mediaType: 'text/html', digest: digestOf(bytes), size: bytes.byteLength }
    expect((await read(repository, document)).equals(bytes)).toBe(true)
  })
})

describe('retries', () => {
  const found: Answer = (_request, response) => {
    response.writeHead(200, { 'content-length': blob.byteLength }).end(blob)
  }
  const failing = (times: number, status: number, headers: Record<string, string> = {}): Answer => {
    let left = times
    return (request, response) =>
      left-- > 0 ? void response.writeHead(status, headers).end() : found(request, response)
  }

  it.each([500, 502, 503, 504, 408])('ride out a burst of %i', async status => {
    // The HEAD and the first three GETs fail: a server may fail at HEAD alone, so a GET follows at once.
    const { repository, waits } = await repositoryOn(failing(4, status))
    expect(await repository.exists(layer)).toBe(true)
    expect(waits).toEqual([500, 1000, 2000])
  })

  it('obey Retry-After in seconds', async () => {
    const { repository, waits } = await repositoryOn(failing(1, 429, { 'retry-after': '7' }))
    expect(await repository.exists(layer)).toBe(true)
    expect(waits[0]).toBe(7000)
  })

  it.each([
    ['Thu, 01 Jan 2026 00:00:00 GMT', 'Thu, 01 Jan 2026 00:00:09 GMT'],
    ['Thu, 01 Jan 2026 03:00:00 GMT', 'Thu, 01 Jan 2026 03:00:09 GMT'],
    ['no date', 'Thu, 01 Jan 2026 00:00:09 GMT'],
  ])('obey Retry-After as a date of the clock of the server: %s', async (date, until) => {
    const { repository, waits } = await repositoryOn(failing(1, 429, { date, 'retry-after': until }))
    expect(await repository.exists(layer)).toBe(true)
    // Once for the request, once for telling the end of the pause.
    expect(new Set(waits)).toEqual(new Set([9000]))
  })

  it('leave out Retry-After of an answer that stays as it is', async () => {
    const { repository, waits } = await repositoryOn(failing(1, 404, { 'retry-after': '3600' }))
    await expect(repository.resolve('1')).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('check the name'),
    })
    expect(await repository.exists(layer)).toBe(true)
    expect(waits).toEqual([])
  })

  it('end in a typed error with a hint that is final', async () => {
    const { repository } = await repositoryOn(failing(99, 503))
    const error = await repository.exists(layer).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'server-error',
      retryable: false,
      subject: { status: 503, side: 'source' },
    })
    expect(error).toHaveProperty('hint', expect.stringContaining('again'))
  })

  it('are few for a host that never answered', async () => {
    const { repository, server, waits } = await repositoryOn(found)
    await server[Symbol.asyncDispose]()
    await expect(repository.exists(layer)).rejects.toMatchObject({ code: 'unreachable' })
    expect(waits.length).toBe(2)
  })

  it('are not made for errors that will not change', async () => {
    const { repository, server } = await repositoryOn(failing(99, 403))
    await expect(repository.exists(layer)).rejects.toMatchObject({ code: 'forbidden' })
    // A refused HEAD is asked once more with GET.
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  })
})

describe('resolving', () => {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: { mediaType: MediaType.ociConfig, digest: layer.digest, size: layer.size },
      layers: [],
    }),
  )

  it('reads the manifest if the response to HEAD has no digest', async () => {
    const { repository } = await repositoryOn((request, response) => {
      response.writeHead(200, {
        'content-type': MediaType.ociManifest,
        'content-length': manifest.byteLength,
      })
      response.end(request.method === 'HEAD' ? undefined : manifest)
    })
    expect(await repository.resolve('1')).toEqual({
      mediaType: MediaType.ociManifest,
      digest: digestOf(manifest),
      size: manifest.byteLength,
    })
  })

  it('does not trust the header for a digest that was asked for', async () => {
    const asked = digestOf(manifest)
    const { repository } = await repositoryOn((request, response) => {
      response.writeHead(200, {
        'content-type': MediaType.ociManifest,
        'content-length': manifest.byteLength,
        'docker-content-digest': digestOf('something else'),
      })
      response.end(request.method === 'HEAD' ? undefined : manifest)
    })
    expect((await repository.resolve(asked)).digest).toBe(asked)
  })

  it('refuses a manifest that differs from the digest in its header', async () => {
    const { repository } = await repositoryOn((_request, response) => {
      response.writeHead(200, {
        'content-type': MediaType.ociManifest,
        'docker-content-digest': digestOf('something else'),
      })
      response.end(manifest)
    })
    await expect(repository.readNamed('1')).rejects.toMatchObject({ code: 'digest-mismatch' })
  })

  it.each(['1', digestOf('a manifest')])('tells a web page in place of the manifest %s', async name => {
    const { repository, server } = await repositoryOn((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>')
    })
    await expect(repository.resolve(name)).rejects.toMatchObject({
      code: 'manifest-invalid',
      message: `${server.host} answered with a web page ("Sign in"), not with a manifest`,
      hint: expect.stringContaining('a login page'),
    })
  })

  it.each([
    [100, 'resolves'],
    [300, 'is told of'],
  ])('behind headers of %i KiB %s', async (size, outcome) => {
    const { repository } = await repositoryOn((_request, response) => {
      response.setHeader('content-security-policy', 'x'.repeat(size * 1024)).end(manifest)
    })
    const resolving = repository.resolve('1')
    await (outcome === 'resolves'
      ? expect(resolving).resolves.toMatchObject({ digest: digestOf(manifest) })
      : expect(resolving).rejects.toThrow('the headers of the answer are too large'))
  })

  it('fails with not-found for an unknown tag', async () => {
    const { repository } = await repositoryOn((_request, response) => void response.writeHead(404).end())
    await expect(repository.resolve('1')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('refuses a manifest that is too large before reading it', async () => {
    const { repository } = await repositoryOn((_request, response) => {
      response.writeHead(200, {
        'content-type': MediaType.ociManifest,
        'content-length': 1_000_000_000,
        'docker-content-digest': digestOf(manifest),
      })
      response.end()
    })
    await expect(repository.resolve('1')).rejects.toMatchObject({ code: 'manifest-too-large' })
  })

  it.each([
    [404, '', true],
    [200, '{"tags":null}', true],
    [200, '{"tags":["1"]}', false],
    [200, 'no list', false],
    [403, '', false],
    [405, '', false],
  ])('after the tags answer %i %s takes the repository for empty: %s', async (status, body, isEmpty) => {
    const { repository } = await repositoryOn(
      (_request, response) => void response.writeHead(status).end(body),
    )
    expect(await repository.isEmpty()).toBe(isEmpty)
  })

  it('reads no page of a list of tags twice', async () => {
    const { repository, server } = await repositoryOn((_request, response) => {
      const page = server.seen.length
      response.setHeader('link', `</v2/library/app/tags/list?last=${page % 3}>; rel="next"`)
      response.end(JSON.stringify({ tags: [`v${page}`] }))
    })
    expect(await Array.fromAsync(repository.tags())).toEqual(['v1', 'v2', 'v3', 'v4'])
  })

  it('does not follow an endless list of tags', async () => {
    let page = 0
    const { repository } = await repositoryOn((_request, response) => {
      response.setHeader('link', `</v2/library/app/tags/list?last=${page++}>; rel="next"`)
      response.end(JSON.stringify({ name: 'library/app', tags: [`t${page}`] }))
    })
    const tags: string[] = []
    const listing = (async () => {
      for await (const tag of repository.tags()) tags.push(tag)
    })()
    await expect(listing).rejects.toMatchObject({ code: 'protocol' })
    expect(tags.length).toBe(1000)
  })
})

describe('authentication', () => {
  async function authFile(host: string, username: string, password: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'gpreg-auth-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    const file = join(directory, 'config.json')
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }))
    return file
  }

  /** A server of one host needs its own name in the file: the file is written once the server listens. */
  async function guarded(answer: (host: () => string) => Answer, username: string, password: string) {
    let host = ''
    const server = await scriptedServer((request, response) => answer(() => host)(request, response))
    host = server.host
    cleanups.push(() => server[Symbol.asyncDispose]())
    const context = createContext({ sleep: async () => {} })
    const registries = await createRegistries(
      { authFile: await authFile(host, username, password), env: {} },
      context,
    )
    cleanups.push(() => registries.close())
    return {
      server,
      repository: registries.open('source', parseReference(`${host}/library/app:1`)).repository,
    }
  }

  it('sends basic credentials only after a challenge, and at once from then on', async () => {
    const { repository, server } = await guarded(
      () => (request, response) => {
        const right = request.headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`
        response
          .writeHead(right ? 200 : 401, right ? {} : { 'www-authenticate': 'Basic realm="registry"' })
          .end()
      },
      'me',
      'secret',
    )
    expect(await repository.exists(layer)).toBe(true)
    expect(await repository.exists(layer)).toBe(true)
    expect(server.seen.map(({ headers }) => headers.authorization !== undefined)).toEqual([false, true, true])
  })

  describe('of a registry that asks for a login at /v2/ only', () => {
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
    const asking =
      (refusal: number, ping: number, challenge: Record<string, string>) =>
      (): Answer =>
      (request, response) => {
        const [status, headers] = request.url === '/v2/' ? [ping, challenge] : [refusal, {}]
        if (request.headers.authorization === basic) response.writeHead(200).end()
        else response.writeHead(status, headers).end()
      }
    const challenge = { 'www-authenticate': 'Basic realm="registry"' }

    it.each([
      [401, challenge],
      [403, challenge],
      [404, challenge],
      [401, {}],
    ])('sends the login after %i and the challenge %j', async (status, told) => {
      const { repository, server } = await guarded(asking(status, 401, told), 'me', 'secret')
      expect(await repository.exists(layer)).toBe(true)
      expect(await repository.exists(layer)).toBe(true)
      expect(server.seen.map(({ url }) => url === '/v2/')).toEqual([false, true, false, false])
    })

    it.each([
      ['open', 200, {}],
      ['closed to everybody', 403, {}],
      ['for another scheme', 401, { 'www-authenticate': 'Negotiate' }],
    ])('is asked once if it is %s, and gets no login', async (_, status, told) => {
      const { repository, server } = await guarded(asking(404, status, told), 'me', 'secret')
      expect(await repository.exists(layer)).toBe(false)
      expect(await repository.exists(layer)).toBe(false)
      expect(server.seen.map(({ url }) => url === '/v2/')).toEqual([false, true, false])
      expect(server.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true)
    })

    it('is not asked without a login', async () => {
      const { repository, server } = await repositoryOn(asking(404, 401, challenge)())
      expect(await repository.exists(layer)).toBe(false)
      expect(server.seen).toHaveLength(1)
    })
  })

  it.each([
    [{ authFile: 'both' }, 'both', 'both'],
    [{ authFile: 'both', sourceAuthFile: 'from' }, 'from', 'both'],
    [{ authFile: 'both', targetAuthFile: 'to' }, 'both', 'to'],
    [{ sourceAuthFile: 'from', targetAuthFile: 'to' }, 'from', 'to'],
    [{ authFile: '/nowhere', sourceAuthFile: 'from', targetAuthFile: 'to' }, 'from', 'to'],
  ])('takes the file of each side: %j', async (files, source, target) => {
    const { host, seen, ...server } = await scriptedServer((request, response) => {
      const isKnown = request.headers.authorization !== undefined
      response.writeHead(isKnown ? 200 : 401, isKnown ? {} : { 'www-authenticate': 'Basic realm="r"' }).end()
    })
    cleanups.push(() => server[Symbol.asyncDispose]())
    const paths = await Promise.all(
      Object.entries(files).map(async ([option, name]) => [
        option,
        name.startsWith('/') ? name : await authFile(host, name, 'pw'),
      ]),
    )
    const registries = await createRegistries({ ...Object.fromEntries(paths), env: {} }, createContext())
    cleanups.push(() => registries.close())
    for (const [side, user] of [
      ['source', source],
      ['target', target],
    ] as const) {
      await registries.open(side, { host, repository: 'app' }).repository.exists(layer)
      const sent = seen.at(-1)?.headers.authorization ?? ''
      expect(Buffer.from(sent.replace('Basic ', ''), 'base64').toString()).toBe(`${user}:pw`)
    }
  })

  it('fails with unauthorized and a hint if credentials are refused', async () => {
    const { repository } = await guarded(
      () => (_request, response) =>
        void response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end(),
      'me',
      'wrong',
    )
    const error = await repository.exists(layer).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'unauthorized' })
    expect(error).toHaveProperty('hint', expect.stringContaining('--authfile'))
    expect(JSON.stringify(error)).not.toContain('wrong')
  })

  it('caches a token for its scope, and renews it before it expires', async () => {
    let issued = 0
    let clock = 1_000_000
    const { repository, server } = await repositoryOn(
      (request, response) => {
        if (request.url!.startsWith('/token')) {
          response.end(JSON.stringify({ token: `t${++issued}`, expires_in: 60 }))
          return
        }
        const right = request.headers.authorization === `Bearer t${issued}` && issued > 0
        const challenge = `Bearer realm="http://${request.headers.host}/token",service="reg",scope="repository:library/app:pull"`
        response.writeHead(right ? 200 : 401, right ? {} : { 'www-authenticate': challenge }).end()
      },
      {},
      { now: () => clock },
    )
    expect(await repository.exists(layer)).toBe(true)
    expect(await repository.exists(layer)).toBe(true)
    expect(issued).toBe(1)
    clock += 55_000
    expect(await repository.exists(layer)).toBe(true)
    expect(issued).toBe(2)
    const token = server.seen.find(({ url }) => url.startsWith('/token'))!
    expect(new URL(token.url, 'http://x').searchParams.get('scope')).toBe('repository:library/app:pull')
  })

  it('sends no credentials to another host', async () => {
    const elsewhere = await scriptedServer((_request, response) => void response.end(blob))
    cleanups.push(() => elsewhere[Symbol.asyncDispose]())
    const { repository } = await guarded(
      () => (request, response) => {
        if (request.headers.authorization === undefined) {
          response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end()
          return
        }
        response.writeHead(307, { location: `http://${elsewhere.host}/signed?key=1` }).end()
      },
      'me',
      'secret',
    )
    expect((await read(repository)).equals(blob)).toBe(true)
    expect(elsewhere.seen).toHaveLength(1)
    expect(elsewhere.seen[0]!.headers.authorization).toBeUndefined()
  })
})

describe('uploads', () => {
  it('go to the first Location of two', async () => {
    const { repository, server } = await repositoryOn((request, response) => {
      request.resume()
      response.statusCode = request.method === 'POST' ? 202 : 201
      response.setHeader('location', ['/v2/x/1', '/v2/x/2']).end()
    })
    await repository.push(layer, contentFrom(blob))
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v2/library/app/blobs/uploads/',
      `PUT /v2/x/1?digest=${encodeURIComponent(layer.digest)}`,
    ])
  })

  it('go to the Location with the digest, without credentials if that is another host', async () => {
    const storage = await scriptedServer((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end())
    })
    cleanups.push(() => storage[Symbol.asyncDispose]())
    const { repository } = await repositoryOn((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
        return
      }
      response.writeHead(202, { location: `http://${storage.host}/upload?state=1` }).end()
    })
    await expect(repository.push(layer, contentFrom(blob))).rejects.toMatchObject({ code: 'unauthorized' })
    expect(storage.seen).toHaveLength(0)
  })

  it('fail with `stalled` if the registry takes no byte', async () => {
    const big = Buffer.alloc(64 * 1024 * 1024)
    const descriptor = { mediaType: MediaType.ociLayerGzip, digest: digestOf(big), size: big.byteLength }
    const { repository } = await repositoryOn(
      (request, response) => {
        if (request.method === 'POST')
          response.writeHead(202, { location: '/v2/library/app/blobs/uploads/1' }).end()
        else request.pause()
      },
      { stallTimeout: 300 },
    )
    await expect(repository.push(descriptor, contentFrom(big))).rejects.toMatchObject({ code: 'stalled' })
  })

  it('report the error of the content, not of the broken request', async () => {
    const { repository } = await repositoryOn((request, response) => {
      if (request.method === 'POST')
        response.writeHead(202, { location: '/v2/library/app/blobs/uploads/1' }).end()
      else request.resume()
    })
    const wrong = contentFrom(Buffer.from(blob).fill(0, 9, 10))
    const { verified } = await import('../store/verify.ts')
    const content = { open: () => verified(wrong.open({ offset: 0 }), layer) }
    await expect(repository.push(layer, content)).rejects.toMatchObject({ code: 'digest-mismatch' })
  })

  it('cancel the upload that a refused mount started', async () => {
    const { repository, server } = await repositoryOn((request, response) => {
      if (request.method === 'POST')
        response.writeHead(202, { location: '/v2/library/app/blobs/uploads/7' }).end()
      else response.writeHead(204).end()
    })
    expect(await repository.mount(layer, 'library/base')).toBe(false)
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'DELETE'])
  })
})

describe('a renewal', () => {
  it('tries a host again that was down, with the login that the file has by now', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gpreg-renewal-'))
    cleanups.push(() => rm(directory, { recursive: true, force: true }))
    const authFile = join(directory, 'config.json')
    await writeFile(authFile, '{}')
    const { repository, registries, server } = await repositoryOn(
      (request, response) => {
        if (request.headers.authorization === 'Basic bmV3OnNlY3JldA==')
          return void response
            .writeHead(200, {
              'docker-content-digest': layer.digest,
              'content-type': MediaType.ociManifest,
              'content-length': 10,
            })
            .end()
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      },
      { authFile },
    )
    await expect(repository.resolve('1')).rejects.toMatchObject({ code: 'unauthorized' })
    await writeFile(
      authFile,
      JSON.stringify({ auths: { [server.host]: { username: 'new', password: 'secret' } } }),
    )
    const before = registries.traffic()
    await registries.renew()
    expect(registries.traffic()).toEqual(before)
    const again = registries.open('source', parseReference(`${server.host}/library/app:1`)).repository
    expect((await again.resolve('1')).digest).toBe(layer.digest)
    expect(registries.traffic().hosts).toEqual([
      { side: 'source', host: server.host, requests: server.seen.length },
    ])
  })

  it('keeps the pause that a host asked for', async () => {
    const { repository, registries, server } = await repositoryOn(
      (_, response) => void response.writeHead(429, { 'retry-after': '7200' }).end(),
    )
    await expect(repository.resolve('1')).rejects.toMatchObject({ code: 'rate-limited' })
    const { length } = server.seen
    await registries.renew()
    const again = registries.open('source', parseReference(`${server.host}/library/app:1`)).repository
    await expect(again.resolve('1')).rejects.toMatchObject({ code: 'rate-limited' })
    expect(server.seen).toHaveLength(length)
  })
})
