import fc from 'fast-check'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createContext } from '../context.ts'
import { GpregError } from '../errors.ts'
import { digestOf } from '../model/hash.ts'
import { MediaType } from '../model/descriptor.ts'
import { parseReference } from '../model/reference.ts'
import { createRegistries } from '../remote/registries.ts'
import type { Ingest } from '../store/capabilities.ts'
import type { Store } from '../store/content.ts'
import { LayoutStore } from '../store/layout/layout-store.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { sampleImage, pushSample } from '../testing/sample-image.ts'
import { storeContract } from '../testing/store-contract.ts'
import { parseChunkRange, parseRange } from './range.ts'
import {
  assertNotOpenByAccident,
  createRegistryServer,
  type AccessLogEntry,
  type ListeningServer,
  type RegistryServerOptions,
} from './server.ts'

const context = createContext({ sleep: async () => {} })
const cleanups: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

async function newLayout(): Promise<LayoutStore> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-serve-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  return LayoutStore.open(directory)
}

/** A store, seen through our server and our client. */
async function overHttp(store: Store): Promise<Store> {
  const server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
  const registries = await createRegistries({ env: {} }, context)
  cleanups.push(
    () => server.close(),
    () => registries.close(),
  )
  const host = `127.0.0.1:${server.port}`
  return {
    location: host,
    repository: name => registries.open('target', parseReference(`${host}/${name}`)).repository,
  }
}

storeContract('the client over a served memory store', () => overHttp(new MemoryStore()), {
  keepsRepositoriesApart: true,
})
storeContract('the client over a served layout', async () => overHttp(await newLayout()), {
  keepsRepositoriesApart: false,
})

describe.each([
  ['memory', async () => new MemoryStore()],
  ['a layout', newLayout],
])('serving %s', (_, make: () => Promise<Store>) => {
  let store: Store
  let server: ListeningServer
  beforeEach(async () => {
    store = await make()
    server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
  })
  afterEach(() => server.close())

  const call = (path: string, init?: RequestInit & { duplex?: 'half' }) =>
    fetch(new URL(path, server.url), init)
  const code = async (response: Response) =>
    ((await response.json()) as { errors: { code: string }[] }).errors[0]!.code
  const bytes = Buffer.from('0123456789'.repeat(100))
  const digest = digestOf(bytes)

  async function startUpload(): Promise<string> {
    const response = await call('/v2/library/app/blobs/uploads/', { method: 'POST' })
    expect(response.status).toBe(202)
    return response.headers.get('location')!
  }

  async function pushBlob(): Promise<void> {
    const response = await call(`${await startUpload()}?digest=${digest}`, { method: 'PUT', body: bytes })
    expect(response.status).toBe(201)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
  }

  it('answers at its root', async () => {
    expect((await call('/v2/')).status).toBe(200)
    expect((await call('/v3/')).status).toBe(404)
  })

  it('takes a blob in one request', async () => {
    const response = await call(`/v2/library/app/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      body: bytes,
    })
    expect(response.status).toBe(201)
    expect((await call(response.headers.get('location')!)).status).toBe(200)
  })

  it('takes chunks in order and says where it is otherwise', async () => {
    let location = await startUpload()
    const send = (range: string, body: Uint8Array) =>
      call(location, { method: 'PATCH', headers: { 'content-range': range }, body: Buffer.from(body) })
    const first = await send('0-399', bytes.subarray(0, 400))
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-399'])
    location = first.headers.get('location')!
    const gap = await send('500-599', bytes.subarray(500, 600))
    expect([gap.status, gap.headers.get('range')]).toEqual([416, '0-399'])
    const status = await call(location)
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-399'])
    expect((await send('400-999', bytes.subarray(400))).status).toBe(202)
    expect((await call(`${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)
    expect(
      Buffer.from(await (await call(`/v2/library/app/blobs/${digest}`)).arrayBuffer()).equals(bytes),
    ).toBe(true)
    expect((await call(location)).status).toBe(404)
  })

  it('shows nothing of an upload with another digest', async () => {
    const wrong = digestOf('else')
    const response = await call(`${await startUpload()}?digest=${wrong}`, { method: 'PUT', body: bytes })
    expect([response.status, await code(response)]).toEqual([400, 'DIGEST_INVALID'])
    expect((await call(`/v2/library/app/blobs/${wrong}`, { method: 'HEAD' })).status).toBe(404)
    expect((await call(`/v2/library/app/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404)
  })

  it('forgets an upload that is given up', async () => {
    const location = await startUpload()
    expect((await call(location, { method: 'DELETE' })).status).toBe(204)
    expect(await code(await call(location))).toBe('BLOB_UPLOAD_UNKNOWN')
  })

  it('serves ranges of blobs', async () => {
    await pushBlob()
    const get = (range: string) => call(`/v2/library/app/blobs/${digest}`, { headers: { range } })
    const middle = await get('bytes=10-19')
    expect([middle.status, await middle.text(), middle.headers.get('content-range')]).toEqual([
      206,
      '0123456789',
      'bytes 10-19/1000',
    ])
    expect(await (await get('bytes=995-')).text()).toBe('56789')
    expect(await (await get('bytes=-3')).text()).toBe('789')
    expect((await get('bytes=1000-')).status).toBe(416)
    expect((await get('bytes=5-2')).status).toBe(416)
    const other = { range: 'bytes=10-19', 'if-range': '"other"' }
    expect((await call(`/v2/library/app/blobs/${digest}`, { headers: other })).status).toBe(200)
    expect((await get('bytes=0-1,5-6')).status).toBe(200)
  })

  it('keeps what came of a chunk that broke off, and goes on from there', async () => {
    const location = await startUpload()
    const { port } = server
    await new Promise<void>(resolve => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`)
        socket.write(bytes.subarray(0, 300), () => setTimeout(() => socket.destroy(), 100))
      }).on('close', () => resolve())
    })
    const range = async () => (await call(location)).headers.get('range')
    await vi.waitFor(async () => expect(await range()).toBe('0-299'))
    const rest = await call(`${location}?digest=${digest}`, {
      method: 'PUT',
      headers: { 'content-range': '300-999' },
      body: bytes.subarray(300),
    })
    expect(rest.status).toBe(201)
  })

  it('lets one request at a time write to an upload', async () => {
    const location = await startUpload()
    const first = request(new URL(location, server.url), { method: 'PATCH' })
    first.write(bytes.subarray(0, 10))
    await vi.waitFor(async () => expect((await call(location)).status).toBe(409))
    const answered = once(first, 'response') as Promise<[IncomingMessage]>
    first.end()
    expect((await answered)[0].statusCode).toBe(202)
    expect((await call(location)).headers.get('range')).toBe('0-9')
  })

  it('takes tags along with a digest', async () => {
    const image = sampleImage(['x'])
    await pushSample(store.repository('library/app'), image)
    const put = (query: string) =>
      call(`/v2/library/app/manifests/${image.descriptor.digest}?${query}`, {
        method: 'PUT',
        body: image.bytes,
        headers: { 'content-type': MediaType.ociManifest },
      })
    expect((await put('tag=1&tag=1.2')).headers.get('oci-tag')).toBe('1, 1.2')
    expect(await (await call('/v2/library/app/tags/list')).json()).toMatchObject({ tags: ['1', '1.2'] })
    expect((await put('tag=a%2Fb')).status).toBe(400)
  })

  it('mounts, and starts an upload where it cannot', async () => {
    await pushBlob()
    const mount = (from: string, what: string) =>
      call(`/v2/library/other/blobs/uploads/?mount=${what}&from=${from}`, { method: 'POST' })
    expect((await mount('library/app', digest)).status).toBe(201)
    const refused = await mount('library/app', digestOf('absent'))
    expect(refused.status).toBe(202)
    expect(refused.headers.get('location')).toContain('/v2/library/other/blobs/uploads/')
  })

  it('refuses a manifest without its blobs, one that is too large, and rubbish', async () => {
    const put = (body: Buffer, reference = '1') =>
      call(`/v2/library/app/manifests/${reference}`, {
        method: 'PUT',
        body,
        headers: { 'content-type': MediaType.ociManifest },
      })
    expect(await code(await put(sampleImage(['x']).bytes))).toBe('MANIFEST_BLOB_UNKNOWN')
    expect(await code(await put(Buffer.from('{}')))).toBe('MANIFEST_INVALID')
    expect((await put(Buffer.alloc(4 * 1024 * 1024 + 1))).status).toBe(413)
    expect(await code(await put(sampleImage(['x']).bytes, digestOf('else')))).toBe('DIGEST_INVALID')
  })

  it('lists tags and repositories by the page', async () => {
    for (const tag of ['c', 'a', 'b'])
      await pushSample(store.repository('library/app'), sampleImage(['x']), tag)
    const first = await call('/v2/library/app/tags/list?n=2')
    expect(await first.json()).toEqual({ name: 'library/app', tags: ['a', 'b'] })
    const link = /<([^>]+)>; rel="next"/.exec(first.headers.get('link')!)![1]!
    expect(await (await call(link)).json()).toEqual({ name: 'library/app', tags: ['c'] })
    expect((await call('/v2/library/app/tags/list?n=x')).status).toBe(400)
    expect(await (await call('/v2/_catalog')).json()).toEqual({ repositories: ['library/app'] })
  })

  it('lists referrers, filtered on request, and names the subject when one comes in', async () => {
    const image = sampleImage(['x'])
    const sbom = sampleImage(['sbom'], { subject: image.descriptor, artifactType: 'application/spdx+json' })
    await pushSample(store.repository('library/app'), image, '1')
    await pushSample(store.repository('library/app'), sbom)
    const put = await call(`/v2/library/app/manifests/${sbom.descriptor.digest}`, {
      method: 'PUT',
      body: sbom.bytes,
      headers: { 'content-type': MediaType.ociManifest },
    })
    expect(put.headers.get('oci-subject')).toBe(image.descriptor.digest)
    const list = async (query = '') =>
      (await call(`/v2/library/app/referrers/${image.descriptor.digest}${query}`)).json()
    expect(await list()).toMatchObject({ manifests: [{ digest: sbom.descriptor.digest }] })
    expect(await list('?artifactType=text/none')).toMatchObject({ manifests: [] })
  })

  it('deletes tags, manifests and blobs', async () => {
    const image = sampleImage(['x'])
    await pushSample(store.repository('library/app'), image, '1')
    const remove = async (path: string) =>
      (await call(`/v2/library/app/${path}`, { method: 'DELETE' })).status
    expect(await remove('manifests/1')).toBe(202)
    expect(await remove('manifests/1')).toBe(404)
    expect(await remove(`manifests/${image.descriptor.digest}`)).toBe(202)
    expect((await call(`/v2/library/app/manifests/${image.descriptor.digest}`)).status).toBe(404)
    await pushBlob()
    expect(await remove(`blobs/${digest}`)).toBe(202)
    expect(await remove(`blobs/${digest}`)).toBe(404)
  })

  it('refuses names and digests that would be paths', async () => {
    expect((await call('/v2/..%2f..%2fetc/manifests/1')).status).toBe(400)
    expect((await call('/v2/library/app/blobs/sha256:..%2f..%2fpasswd')).status).toBe(400)
    expect((await call('/v2/UPPER/tags/list')).status).toBe(400)
  })
})

describe('a registry in trouble', () => {
  it('answers when its disk is full, says so in its log, and keeps no half upload', async () => {
    const full = new GpregError('storage', 'the disk of /srv is full', { path: '/srv' })
    const store = new MemoryStore()
    let discarded = 0
    const repository = Object.assign(store.repository('a'), {
      ingest: async (id?: string): Promise<Ingest | undefined> =>
        id === undefined
          ? {
              id: 'one',
              size: 0,
              append: async body => {
                for await (const _ of body) throw full
              },
              commit: async () => Promise.reject(full),
              discard: async () => void discarded++,
            }
          : undefined,
    })
    store.repository = () => repository
    const log: AccessLogEntry[] = []
    const server = await createRegistryServer(store, { onRequest: entry => log.push(entry) }, context).listen(
      '127.0.0.1',
      0,
    )
    cleanups.push(() => server.close())
    const started = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' })
    const location = new URL(started.headers.get('location')!, server.url)
    const answer = await fetch(location, { method: 'PATCH', body: Buffer.alloc(2_000_000) })
    expect(answer.status).toBe(507)
    expect(await answer.text()).not.toContain('/srv')
    expect(discarded).toBe(1)
    expect((await fetch(location)).status).toBe(404)
    expect(log[1]).toMatchObject({ method: 'PATCH', path: location.pathname, status: 507, error: full })
  })

  it('forgets uploads that nobody goes on with', async () => {
    let now = 0
    const server = await createRegistryServer(
      new MemoryStore(),
      {},
      createContext({ now: () => now }),
    ).listen('127.0.0.1', 0)
    cleanups.push(() => server.close())
    const start = async () =>
      (await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' })).headers.get('location')!
    const old = await start()
    now += 2 * 60 * 60_000
    await start()
    expect((await fetch(server.url + old)).status).toBe(404)
  })

  it('refuses a body that is too large without a length, in words', async () => {
    const server = await createRegistryServer(new MemoryStore(), {}, context).listen('127.0.0.1', 0)
    cleanups.push(() => server.close())
    const body = new ReadableStream({
      pull: controller => controller.enqueue(new Uint8Array(1_000_000)),
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'PUT', body, duplex: 'half' }
    expect((await fetch(`${server.url}/v2/a/manifests/1`, init)).status).toBe(413)
  }, 15_000)

  it('stops although a client never ends its request', async () => {
    const server = await createRegistryServer(new MemoryStore(), {}, context).listen('127.0.0.1', 0)
    const stuck = request(`${server.url}/v2/a/manifests/1`, { method: 'PUT' }).on('error', () => {})
    stuck.write('{')
    await once(stuck, 'socket')
    await new Promise(resolve => setTimeout(resolve, 100))
    await server.close()
    await expect(fetch(server.url)).rejects.toThrow()
  }, 10_000)
})

describe('a guarded registry', () => {
  const open = async (options: RegistryServerOptions) => {
    const server = await createRegistryServer(new MemoryStore(), options, context).listen('127.0.0.1', 0)
    cleanups.push(() => server.close())
    return (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init)
  }

  it('lets in who is in the htpasswd file', async () => {
    // htpasswd -nbB me secret
    const { hash } = await import('bcryptjs')
    const call = await open({ htpasswd: `me:${(await hash('secret', 4)).replace('$2b$', '$2y$')}\n` })
    const as = (text: string) =>
      call('/v2/', { headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` } })
    expect((await call('/v2/')).status).toBe(401)
    expect((await call('/v2/')).headers.get('www-authenticate')).toContain('Basic')
    expect((await as('me:wrong')).status).toBe(401)
    expect((await as('you:secret')).status).toBe(401)
    expect((await as('me:secret')).status).toBe(200)
    expect((await as('me:secret')).status).toBe(200)
  })

  it('takes no htpasswd file of another kind', async () => {
    await expect(open({ htpasswd: 'me:{SHA}x' })).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('does not hold up the next request behind a body that it read in part and refused', async () => {
    const store = new MemoryStore()
    const full = new GpregError('storage', 'the disk is full')
    const ingest: Ingest = {
      id: 'one',
      size: 0,
      append: async body => {
        for await (const _ of body) throw full
      },
      commit: () => Promise.reject(full),
      discard: async () => {},
    }
    const repository = Object.assign(store.repository('a'), { ingest: async () => ingest })
    store.repository = () => repository
    const server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
    cleanups.push(() => server.close())
    const started = performance.now()
    const socket = connect(server.port, '127.0.0.1')
    const body = Buffer.alloc(20 * 1024 * 1024)
    socket.write(
      `PATCH /v2/a/blobs/uploads/one HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.byteLength}\r\n\r\n`,
    )
    socket.write(body)
    socket.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n')
    let text = ''
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text.includes('HTTP/1.1 507') && text.includes('HTTP/1.1 200')) break
    }
    expect(text).toMatch(/^HTTP\/1\.1 507[^]*HTTP\/1\.1 200/)
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('takes nothing when it is read-only', async () => {
    const call = await open({ readOnly: true })
    expect((await call('/v2/a/blobs/uploads/', { method: 'POST' })).status).toBe(405)
    expect((await call('/v2/')).status).toBe(200)
  })

  it('is not open by accident', () => {
    const refused = expect.objectContaining({ code: 'usage' })
    expect(() => assertNotOpenByAccident('0.0.0.0', {})).toThrow(refused)
    expect(() => assertNotOpenByAccident('0.0.0.0', { htpasswd: 'x' })).toThrow(refused)
    for (const options of [
      { readOnly: true },
      { insecure: true },
      { tls: { cert: '', key: '' }, htpasswd: '' },
    ]) {
      expect(() => assertNotOpenByAccident('0.0.0.0', options)).not.toThrow()
    }
    expect(() => assertNotOpenByAccident('127.0.0.1', {})).not.toThrow()
  })
})

describe('ranges', () => {
  it('never leave the content', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.option(fc.nat(2000), { nil: undefined }),
        fc.option(fc.nat(2000), { nil: undefined }),
        (size, start, end) => {
          const range = parseRange(`bytes=${start ?? ''}-${end ?? ''}`, size)
          if (typeof range !== 'object') return
          expect(range.start).toBeGreaterThanOrEqual(0)
          expect(range.end).toBeLessThan(size)
          expect(range.start).toBeLessThanOrEqual(range.end)
        },
      ),
    )
  })

  it('are ranges or nothing, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        parseRange(text, 100)
        const chunk = parseChunkRange(text)
        expect(chunk === undefined || chunk.start <= chunk.end).toBe(true)
      }),
    )
  })
})
