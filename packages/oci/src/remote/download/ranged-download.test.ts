import { afterEach, describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { recycle } from '../../machine/lent-memory.ts'
import { digestOf } from '../../model/hash.ts'
import { MediaType } from '../../model/descriptor.ts'
import { parseReference } from '../../model/reference.ts'
import { scriptedServer } from '../../testing/scripted-server.ts'
import { createRegistries } from '../registries.ts'

const MIB = 1024 * 1024
const bytes = Buffer.alloc(80 * MIB, 'gpreg')
const layer = { mediaType: MediaType.ociLayerGzip, digest: digestOf(bytes), size: bytes.byteLength }

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/**
 * A registry with one large blob, and a clock by which every connection is slow.
 * @param ranges that are given whole; the next one breaks off in its middle, and all later ones are refused
 */
async function slowRegistry(ranges = Infinity) {
  let left = ranges
  const server = await scriptedServer(({ headers: { range } }, response) => {
    const isPart = range !== undefined && !range.endsWith('-')
    if (isPart && left < 0) return void response.writeHead(503).end()
    const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const end = last === '' ? bytes.byteLength : Number(last) + 1
    const body = bytes.subarray(Number(first), end)
    const contentRange = `bytes ${first}-${end - 1}/${bytes.byteLength}`
    response.writeHead(range === undefined ? 200 : 206, {
      'content-length': body.byteLength,
      ...(range === undefined ? {} : { 'content-range': contentRange }),
    })
    if (!isPart || left-- > 0) response.end(body)
    else response.write(body.subarray(0, body.byteLength >> 1), () => setImmediate(() => response.destroy()))
  })
  cleanups.push(() => server[Symbol.asyncDispose]())
  let clock = 0
  const context = createContext({ elapsed: () => (clock += 200), idle: () => clock })
  const registries = await createRegistries({ env: {} }, context)
  cleanups.push(() => registries.close())
  const { repository } = registries.open('source', parseReference(`${server.host}/library/app:1`))
  return { server, repository }
}

async function sizeOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const chunk of stream) size += chunk.byteLength
  return size
}

describe('a large blob from a slow source', () => {
  it('is downloaded in ranges over several connections', async () => {
    const { server, repository } = await slowRegistry()
    expect(await sizeOf(repository.fetch(layer))).toBe(layer.size)
    expect(server.seen.filter(({ headers }) => headers.range !== undefined).length).toBeGreaterThan(3)
  })

  it('is downloaded into memory that is used again', async () => {
    const { repository } = await slowRegistry()
    const ranges = new Set<ArrayBufferLike>()
    for (let copy = 0; copy < 2; copy++) {
      let position = 0
      for await (const chunk of repository.fetch(layer)) {
        if (chunk.buffer.byteLength === 4 * MIB) ranges.add(chunk.buffer)
        expect(bytes.subarray(position, (position += chunk.byteLength)).equals(chunk)).toBe(true)
        recycle(chunk)
      }
      expect(position).toBe(bytes.byteLength)
    }
    // The window has 16 ranges at most, and the two copies take about 38.
    expect(ranges.size).toBeGreaterThan(1)
    expect(ranges.size).toBeLessThanOrEqual(16)
  })

  it('is downloaded whole if ranges break off and are then refused', async () => {
    const { server, repository } = await slowRegistry(3)
    expect(await sizeOf(repository.fetch(layer))).toBe(layer.size)
    expect(server.seen.at(-1)?.headers.range).toMatch(/^bytes=\d+-$/)
  })

  it('is downloaded by one request without read-ahead, verified or not', async () => {
    const { server, repository } = await slowRegistry()
    const paced = repository.withoutReadAhead()
    expect(await sizeOf(paced.fetch(layer))).toBe(layer.size)
    expect(await sizeOf(paced.fetchUnverified(layer))).toBe(layer.size)
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, undefined])
  })
})
