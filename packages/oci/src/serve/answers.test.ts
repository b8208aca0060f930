import { once } from 'node:events'
import { chmod, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { digestHex } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import { MediaType } from '../model/descriptor.ts'
import { LayoutStore } from '../store/layout/layout-store.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { pushSample, sampleImage } from '../testing/sample-image.ts'
import { createRegistryServer, type AccessLogEntry, type RegistryServerOptions } from './server.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-answers-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  return directory
}

async function serve(
  store: Parameters<typeof createRegistryServer>[0] = new MemoryStore(),
  options?: RegistryServerOptions,
) {
  const server = await createRegistryServer(store, options).listen('127.0.0.1', 0)
  cleanups.push(() => server.close())
  return server
}

const reasonIn = (body: unknown) =>
  (body as { readonly errors: readonly { readonly message: string }[] }).errors[0]?.message

/** What the server answers to these bytes, until it ends the connection. */
async function send(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('a probe', () => {
  it('needs no login, and learns nothing but that the server answers', async () => {
    const { url } = await serve(new MemoryStore(), { htpasswd: `me:$2b$04$${'a'.repeat(53)}` })
    expect((await fetch(`${url}/v2/`)).status).toBe(401)
    const answer = await fetch(`${url}/healthz`)
    expect([answer.status, await answer.text()]).toEqual([200, 'ok\n'])
    expect((await fetch(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${url}/healthz/../v2/_catalog`)).status).toBe(401)
  })
})

it('refuses what a store of the program cannot do, and says why', async () => {
  const memory = new MemoryStore()
  const image = sampleImage(['a'])
  await pushSample(memory.repository('app'), image, '1')
  // The ports of a store that is only read, and no capability.
  const bare = (name: string) => {
    const { resolve, fetch, exists } = memory.repository(name)
    const on = memory.repository(name)
    return { name, resolve: resolve.bind(on), fetch: fetch.bind(on), exists: exists.bind(on) }
  }
  const { url } = await serve({ location: 'bare', repository: bare })
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`${url}/v2/${path}`, { method })
    return [answer.status, answer.ok ? '' : reasonIn(await answer.json())]
  }
  const [layer] = [...image.blobs.keys()]
  expect(await ask('app/manifests/1')).toEqual([200, ''])
  expect(await ask(`app/blobs/${layer}`)).toEqual([
    405,
    'this store does not tell the size of a blob by its digest',
  ])
  expect(await ask('app/tags/list')).toEqual([405, 'this store lists no tags'])
  expect(await ask('_catalog')).toEqual([405, 'this store lists no repositories'])
  expect(await ask(`app/referrers/${layer}`)).toEqual([404, 'this store lists no referrers'])
  for (const path of [`app/blobs/${layer}`, 'app/manifests/1'])
    expect(await ask(path, 'DELETE')).toEqual([405, 'this registry is read-only'])
  expect(await ask('app/blobs/uploads/', 'POST')).toEqual([405, 'this registry is read-only'])
})

it('lists all tags in pages, also those of a store that does not sort them', async () => {
  const memory = new MemoryStore()
  const tags = async function* () {
    yield* ['b', 'c', 'a']
  }
  const unsorted = {
    location: 'x',
    repository: (name: string) => Object.assign(memory.repository(name), { tags }),
  }
  const { url } = await serve(unsorted)
  const seen: string[] = []
  for (let path: string | undefined = '/v2/app/tags/list?n=1'; path !== undefined;) {
    const answer = await fetch(`${url}${path}`)
    seen.push(...((await answer.json()) as { readonly tags: string[] }).tags)
    path = /<(.+)>/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  expect(seen).toEqual(['a', 'b', 'c'])
})

it('does not start with a certificate that cannot be used', async () => {
  await expect(serve(new MemoryStore(), { tls: { cert: 'none', key: 'none' } })).rejects.toMatchObject({
    code: 'input-invalid',
    hint: expect.stringContaining('--tls-cert'),
  })
})

describe('a request', () => {
  it.each([
    ['two different Host headers', 'Host: a\r\nHost: b'],
    ['the same Host header twice', 'host: a\r\nHOST: a'],
    ['Host headers apart', 'Host: a\r\nAccept: */*\r\nAuthorization: Basic x\r\nHost: internal'],
  ])('with %s is refused', async (_, headers) => {
    const { port } = await serve()
    for (const path of ['/v2/', '/healthz']) {
      const answer = await send(port, `GET ${path} HTTP/1.1\r\n${headers}\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  it('with one Host header and another that only looks like it is answered', async () => {
    const { port } = await serve()
    const headers = 'Host: a\r\nX-Forwarded-Host: b\r\nX-Note: host\r\nConnection: close'
    expect(await send(port, `GET /v2/ HTTP/1.1\r\n${headers}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('an answer over a layout', () => {
  const image = sampleImage(['layer'])
  const [config, layer] = [...image.blobs.values()]

  async function open() {
    const root = await newDirectory()
    await pushSample((await LayoutStore.open(root)).repository('team/app'), image, '1')
    const blobFile = (digest: typeof image.descriptor.digest) =>
      join(root, 'blobs', 'sha256', digestHex(digest))
    return { root, blobFile }
  }

  /** Every kind of request for content of the image, and for content that is absent. */
  function requests(): [method: string, path: string, body?: Buffer][] {
    const absent = digestOf('absent')
    return [
      ['GET', '/v2/_catalog'],
      ['GET', '/v2/team/app/tags/list'],
      ...['1', 'absent', image.descriptor.digest, absent].flatMap(
        (reference): [string, string, Buffer?][] => [
          ['GET', `/v2/team/app/manifests/${reference}`],
          ['DELETE', `/v2/team/app/manifests/${reference}`],
        ],
      ),
      ['PUT', '/v2/team/app/manifests/2', image.bytes],
      ['PUT', '/v2/team/app/manifests/2', sampleImage(['other']).bytes],
      ...[layer!.descriptor.digest, absent].flatMap((digest): [string, string, Buffer?][] => [
        ['GET', `/v2/team/app/blobs/${digest}`],
        ['GET', `/v2/team/app/referrers/${digest}`],
        ['DELETE', `/v2/team/app/blobs/${digest}`],
        ['POST', `/v2/team/app/blobs/uploads/?digest=${digest}`, Buffer.from('wrong')],
        ['POST', `/v2/team/app/blobs/uploads/?mount=${digest}`],
      ]),
      ['PATCH', `/v2/team/app/blobs/uploads/${crypto.randomUUID()}`, Buffer.from('x')],
    ]
  }

  const harm: Record<string, (layout: Awaited<ReturnType<typeof open>>) => Promise<unknown>> = {
    'that is sound': async () => {},
    'whose manifest is damaged': async ({ blobFile }) => {
      await chmod(blobFile(image.descriptor.digest), 0o644)
      await writeFile(blobFile(image.descriptor.digest), Buffer.alloc(image.bytes.length, ' '))
    },
    'whose manifest is cut short': ({ blobFile }) => truncate(blobFile(image.descriptor.digest), 10),
    'whose index is a link': async ({ root }) => {
      await rename(join(root, 'index.json'), join(root, 'other.json'))
      await symlink(join(root, 'other.json'), join(root, 'index.json'))
    },
    'whose index is broken': ({ root }) => writeFile(join(root, 'index.json'), '{'),
    'without a folder for uploads': ({ root }) => rm(join(root, 'ingest'), { recursive: true }),
    'without blobs': ({ root }) => rm(join(root, 'blobs'), { recursive: true }),
  }

  it.each(
    Object.keys(harm).flatMap(name => [
      [name, 'written', LayoutStore.open] as const,
      [name, 'read', LayoutStore.read] as const,
    ]),
  )('%s, when it is %s, names no path of the disk', async (name, _, openStore) => {
    const layout = await open()
    const { url } = await serve(await openStore(layout.root))
    await harm[name]!(layout)
    for (const [method, path, body] of requests()) {
      const answer = await fetch(url + path, { method, ...(body === undefined ? {} : { body }) })
      const text = `${[...answer.headers].join('\n')}\n${await answer.text().catch(() => 'cut')}`
      for (const part of [layout.root, `${tmpdir()}/`, 'blobs/sha256/', 'index.json'])
        expect(text, `${method} ${path}`).not.toContain(part)
    }
  })

  it('does not blame the client for a damaged file', async () => {
    const layout = await open()
    const { url } = await serve(await LayoutStore.read(layout.root))
    await harm['whose manifest is damaged']!(layout)
    expect((await fetch(`${url}/v2/team/app/manifests/1`)).status).toBe(500)
  })

  it.each<[what: string, size: number, said: number | 'cut', logged: number]>([
    ['refuses a small blob', 10, 500, 500],
    ['cuts the answer with a large blob', 1_000_000, 'cut', 200],
  ])('%s whose file is damaged, and logs why', async (_, size, said, logged) => {
    const entries: AccessLogEntry[] = []
    const { root, blobFile } = await open()
    const { url } = await serve(await LayoutStore.open(root), { onRequest: entry => entries.push(entry) })
    const digest = digestOf('whole')
    await writeFile(blobFile(digest), Buffer.alloc(size))
    const answer = await fetch(`${url}/v2/team/app/blobs/${digest}`)
    const whole = await answer.arrayBuffer().then(
      () => true,
      () => false,
    )
    expect(whole ? answer.status : 'cut').toBe(said)
    expect(entries).toMatchObject([{ status: logged, error: { code: 'digest-mismatch' } }])
  })

  it('logs no error if the client goes away', async () => {
    const entries: AccessLogEntry[] = []
    const { root, blobFile } = await open()
    const { url } = await serve(await LayoutStore.open(root), { onRequest: entry => entries.push(entry) })
    const digest = digestOf('whole')
    await writeFile(blobFile(digest), Buffer.alloc(50_000_000))
    const abort = new AbortController()
    const answer = await fetch(`${url}/v2/team/app/blobs/${digest}`, { signal: abort.signal })
    abort.abort()
    await expect(answer.arrayBuffer()).rejects.toThrow()
    await expect.poll(() => entries).toHaveLength(1)
    expect(entries[0]).not.toHaveProperty('error')
  })

  it.each([false, true])('holds nothing from behind a link (read-only: %s)', async readOnly => {
    const { root, blobFile } = await open()
    const secret = Buffer.from('{"secret":true}')
    const outside = await newDirectory()
    await writeFile(join(outside, digestHex(digestOf(secret))), secret)
    const { url } = await serve(await (readOnly ? LayoutStore.read : LayoutStore.open)(root), { readOnly })
    const statusOf = async (digest: string, kind = 'blobs') =>
      (await fetch(`${url}/v2/team/app/${kind}/${digest}`)).status

    await symlink(join(outside, digestHex(digestOf(secret))), blobFile(digestOf(secret)))
    expect([await statusOf(digestOf(secret)), await statusOf(digestOf(secret), 'manifests')]).toEqual([
      404, 404,
    ])
    expect(await statusOf(config!.descriptor.digest)).toBe(200)

    await rename(join(root, 'blobs', 'sha256'), join(outside, 'moved'))
    await symlink(join(outside, 'moved'), join(root, 'blobs', 'sha256'))
    expect([await statusOf(config!.descriptor.digest), await statusOf('1', 'manifests')]).toEqual([404, 404])
  })

  it('tells the client that a write behind a link failed, and writes nothing there', async () => {
    const { root } = await open()
    const { url } = await serve(await LayoutStore.open(root))
    const outside = join(await newDirectory(), 'blobs')
    await rename(join(root, 'blobs'), outside)
    await symlink(outside, join(root, 'blobs'))
    const body = Buffer.from('new content')
    const digest = digestOf(body)
    const answer = await fetch(`${url}/v2/a/blobs/uploads/?digest=${digest}`, { method: 'POST', body })
    expect(answer.status).toBe(507)
    await expect(writeFile(join(outside, 'sha256', digestHex(digest)), '', { flag: 'r+' })).rejects.toThrow(
      'ENOENT',
    )
    const headers = { 'content-type': MediaType.ociManifest }
    const put = await fetch(`${url}/v2/a/manifests/1`, { method: 'PUT', body: image.bytes, headers })
    expect(put.status).toBe(404)
  })
})
