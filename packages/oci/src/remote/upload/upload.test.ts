import { randomBytes } from 'node:crypto'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { OciEvent } from '../../events.ts'
import { digestOf } from '../../model/hash.ts'
import { MediaType, type Descriptor } from '../../model/descriptor.ts'
import { parseReference } from '../../model/reference.ts'
import { createRegistryServer } from '../../serve/server.ts'
import { contentFrom, type Content } from '../../store/content.ts'
import { MemoryStore } from '../../store/memory-store.ts'
import { scriptedServer } from '../../testing/scripted-server.ts'
import { createRegistries } from '../registries.ts'
import { parseUploadRange } from './upload-session.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const MIB = 1024 * 1024
const bytes = randomBytes(40 * MIB)
const layer: Descriptor = {
  mediaType: MediaType.ociLayerGzip,
  digest: digestOf(bytes),
  size: bytes.byteLength,
}

/** A repository at an address, and what happened on the way. */
async function repositoryAt(host: string) {
  const events: OciEvent[] = []
  const context = createContext({ emit: event => events.push(event), random: () => 0 })
  const registries = await createRegistries({ env: {}, stallTimeout: 5000 }, context)
  cleanups.push(() => registries.close())
  return { repository: registries.open('target', parseReference(`${host}/library/app`)).repository, events }
}

/** A gpreg server, which keeps the bytes of a broken upload. */
async function registry(): Promise<{
  store: MemoryStore
  port: number
  handle: ReturnType<typeof createRegistryServer>['handle']
}> {
  const store = new MemoryStore()
  const server = createRegistryServer(store, {}, createContext())
  const listening = await server.listen('127.0.0.1', 0)
  cleanups.push(() => listening.close())
  return { store, port: listening.port, handle: server.handle }
}

/** A line to a port. It is cut after each of these numbers of bytes from the client, and when it is idle for too long (ms). */
async function cuttingLine(
  port: number,
  cuts: number[],
  idle = 0,
): Promise<{ host: string; passed: () => number }> {
  let passed = 0
  const server = createServer((near: Socket) => {
    const far = connect(port, '127.0.0.1')
    near.setTimeout(idle, () => near.destroy())
    near.on('data', (chunk: Buffer) => {
      passed += chunk.byteLength
      far.write(chunk)
      if (cuts[0] !== undefined && passed >= cuts[0]) {
        cuts.shift()
        far.end()
        near.destroy()
      }
    })
    far.on('data', (chunk: Buffer) => near.write(chunk))
    near.on('close', () => far.end()).on('error', () => {})
    far.on('close', () => near.end()).on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => void server.close())
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, passed: () => passed }
}

function countingContent(content: Content): { content: Content; offsets: number[] } {
  const offsets: number[] = []
  return { offsets, content: { open: call => (offsets.push(call.offset ?? 0), content.open(call)) } }
}

describe('an upload that breaks', () => {
  it('continues from the offset that the registry tells', async () => {
    const { store, port } = await registry()
    const line = await cuttingLine(port, [30 * MIB])
    const { repository } = await repositoryAt(line.host)
    const { content, offsets } = countingContent(contentFrom(bytes))
    await repository.push(layer, content)
    expect(await store.repository('library/app').exists(layer)).toBe(true)
    expect(offsets[0]).toBe(0)
    expect(offsets[1]).toBeGreaterThan(20 * MIB)
    expect(line.passed()).toBeLessThan(1.2 * bytes.byteLength)
  })

  it('several times continues each time', async () => {
    const { store, port } = await registry()
    const line = await cuttingLine(port, [8 * MIB, 16 * MIB, 24 * MIB, 32 * MIB])
    const { repository } = await repositoryAt(line.host)
    await repository.push(layer, contentFrom(bytes))
    expect(await store.repository('library/app').exists(layer)).toBe(true)
    expect(line.passed()).toBeLessThan(1.5 * bytes.byteLength)
  })
})

it('a source that is slow to begin keeps no connection to the target waiting', async () => {
  const { store, port } = await registry()
  const short = bytes.subarray(0, 2 * MIB)
  const blob = { ...layer, digest: digestOf(short), size: short.byteLength }
  const impatient = await cuttingLine(port, [], 300)
  const { repository, events } = await repositoryAt(impatient.host)
  const { content, offsets } = countingContent({
    async *open(call) {
      await setTimeout(900)
      yield* contentFrom(short).open(call)
    },
  })
  await repository.push(blob, content)
  expect(await store.repository('library/app').exists(blob)).toBe(true)
  expect(offsets).toEqual([0])
  expect(events.filter(({ type }) => type === 'retry')).toEqual([])
})

describe('a proxy that caps bodies', () => {
  it.each([16, 5])(
    'at %i MiB gets chunks, for later blobs from the start',
    async cap => {
      const { store, handle } = await registry()
      const refused: string[] = []
      const proxy = await scriptedServer((request, response) => {
        if (Number(request.headers['content-length'] ?? 0) <= cap * MIB) return void handle(request, response)
        refused.push(request.method!)
        // It answers at once and reads on, as nginx does: a connection closed on unread bytes is reset, and the answer is lost.
        request.resume()
        response.writeHead(413).end()
      })
      cleanups.push(() => proxy[Symbol.asyncDispose]())
      const { repository } = await repositoryAt(proxy.host)
      await repository.push(layer, contentFrom(bytes))
      expect(await store.repository('library/app').exists(layer)).toBe(true)
      expect(refused[0]).toBe('PUT')
      const other = randomBytes(20 * MIB)
      const second = { ...layer, digest: digestOf(other), size: other.byteLength }
      await repository.push(second, contentFrom(other))
      expect(await store.repository('library/app').exists(second)).toBe(true)
      expect(refused).toEqual(['PUT', ...Array.from({ length: Math.log2(32 / cap) | 0 }, () => 'PATCH')])
    },
    20_000,
  )
})

it('a wrong blob in chunks is refused by the registry and not stored', async () => {
  const { store, handle } = await registry()
  const proxy = await scriptedServer((request, response) =>
    request.method === 'PUT' && Number(request.headers['content-length']) > 0
      ? void response.writeHead(413).end()
      : handle(request, response),
  )
  cleanups.push(() => proxy[Symbol.asyncDispose]())
  const { repository } = await repositoryAt(proxy.host)
  const wrong = Buffer.from(bytes)
  wrong[35 * MIB]! ^= 1
  await expect(repository.push(layer, contentFrom(wrong))).rejects.toMatchObject({ code: 'digest-mismatch' })
  expect(await store.repository('library/app').exists(layer)).toBe(false)
})

describe('a blob that is pushed unless it is stored', () => {
  const small = Buffer.from('a small layer')
  const blob: Descriptor = { ...layer, digest: digestOf(small), size: small.byteLength }

  it('is not read if the response that opens the upload says that it is stored', async () => {
    const { store, handle } = await registry()
    await store.repository('library/app').push(blob, contentFrom(small))
    const proxy = await scriptedServer(handle)
    cleanups.push(() => proxy[Symbol.asyncDispose]())
    const { repository } = await repositoryAt(proxy.host)
    const { content, offsets } = countingContent(contentFrom(small))
    await repository.pushUnlessStored(blob, content)
    expect(offsets).toEqual([])
    expect(proxy.seen.map(({ method }) => method)).toEqual(['POST'])
  })

  it('is sent into the upload that was opened if it is not stored', async () => {
    const { store, handle } = await registry()
    const proxy = await scriptedServer(handle)
    cleanups.push(() => proxy[Symbol.asyncDispose]())
    const { repository } = await repositoryAt(proxy.host)
    await repository.pushUnlessStored(blob, contentFrom(small))
    expect(await store.repository('library/app').exists(blob)).toBe(true)
    expect(proxy.seen.map(({ method }) => method)).toEqual(['POST', 'PUT', 'POST'])
    const other = { ...blob, digest: digestOf(Buffer.from('a second layer')), size: 14 }
    await repository.pushUnlessStored(other, contentFrom(Buffer.from('a second layer')))
    expect(proxy.seen.slice(3).map(({ method }) => method)).toEqual(['POST', 'PUT'])
  })

  it('is asked for as well where mounts are ignored, and the registry is asked to mount no more', async () => {
    const { store, handle } = await registry()
    await store.repository('library/app').push(layer, contentFrom(bytes))
    const proxy = await scriptedServer((request, response) => {
      request.url = request.url!.replace(/\?mount=.*/, '')
      return handle(request, response)
    })
    cleanups.push(() => proxy[Symbol.asyncDispose]())
    const { repository } = await repositoryAt(proxy.host)
    const { content, offsets } = countingContent(contentFrom(bytes))
    await repository.pushUnlessStored(layer, content)
    await repository.pushUnlessStored(blob, contentFrom(small))
    expect(offsets).toEqual([])
    expect(await store.repository('library/app').exists(blob)).toBe(true)
    const methods = proxy.seen.map(({ method }) => method)
    expect(methods).toEqual(['POST', 'HEAD', 'DELETE', 'HEAD', 'POST', 'PUT'])
    expect(proxy.seen.filter(({ url }) => url.includes('mount=')).length).toBe(1)
  })

  it.each([
    { present: true, methods: ['POST', 'HEAD'] },
    { present: false, methods: ['POST', 'HEAD', 'POST', 'PUT'] },
  ])(
    'is asked for by HEAD if the registry refuses such mounts (stored: $present)',
    async ({ present, methods }) => {
      const { store, handle } = await registry()
      if (present) await store.repository('library/app').push(blob, contentFrom(small))
      const proxy = await scriptedServer((request, response) =>
        request.url!.includes('mount=') ? void response.writeHead(405).end() : handle(request, response),
      )
      cleanups.push(() => proxy[Symbol.asyncDispose]())
      const { repository } = await repositoryAt(proxy.host)
      await repository.pushUnlessStored(blob, contentFrom(small))
      expect(await store.repository('library/app').exists(blob)).toBe(true)
      expect(proxy.seen.map(({ method }) => method)).toEqual(methods)
    },
  )
})

it.each([
  ['0-0', 0],
  ['0-99', 100],
  ['bytes=0-99', 100],
  ['5-99', 0],
  ['rubbish', 0],
  [undefined, 0],
])('the range %j gives byte %i as the next one', (header, next) => {
  expect(parseUploadRange(header)).toBe(next)
})
