import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createRegistryServer, digestOf, MemoryStore } from '@gpreg/oci'
import { createRegistries, parsePrefix } from '@gpreg/oci/engine'
import { pushSample, sampleImage, scriptedServer } from '@gpreg/oci/testing'
import { pruneTarget } from '../actions/prune.ts'
import { createContext } from '../context.ts'
import type { Receipt } from '../documents/receipt.ts'
import { readCatalogue } from './catalogue.ts'

const context = createContext({ sleep: async () => {} })
const call = { signal: context.signal }
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function openRegistries() {
  const registries = await createRegistries({ env: { HOME: '/nonexistent' } }, context)
  cleanups.push(() => registries.close())
  return registries
}

/** The catalogue of a registry whose pages are scripted, by query. */
async function catalogueOf(
  answer: (query: string, response: ServerResponse, authorization?: string) => unknown,
  prefix = '/gitpod',
) {
  const server = await scriptedServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://registry')
    if (pathname === '/token') response.end(JSON.stringify({ token: 'T' }))
    else if (pathname === '/v2/_catalog') answer(search, response, request.headers.authorization)
    else response.writeHead(404).end()
  })
  cleanups.push(() => server[Symbol.asyncDispose]())
  const to = parsePrefix(`${server.host}${prefix}`)
  const registries = await openRegistries()
  return { server, read: (known: string[] = []) => readCatalogue(to, new Set(known), registries, call) }
}

const page = (response: ServerResponse, repositories: unknown, next?: string) =>
  response
    .writeHead(200, next === undefined ? {} : { link: `<${next}>; rel="next"` })
    .end(JSON.stringify({ repositories }))

describe('the catalogue', () => {
  it('is read to its last page, and never beyond the prefix', async () => {
    const { read, server } = await catalogueOf((query, response) => {
      if (query === '')
        return page(response, ['gitpod', 'gitpod/b', 'gitpodx/a', 'a'], '/v2/_catalog?last=a&n=4')
      if (query === '?last=a&n=4')
        return page(response, ['gitpod/a', 'gitpod/b'], 'https://elsewhere.test/v2/_catalog?last=b')
      // None of those with capitals, dots or marks can be the name of a repository.
      return page(response, [
        'gitpod/../other',
        'gitpod//x',
        'gitpod/x?y=',
        'gitpod/Big',
        'x/gitpod/c',
        'gitpod/c',
      ])
    })
    const catalogue = await read(['gitpod/c', 'gitpod/unknown'])
    expect(catalogue.unnamed).toEqual(['gitpod', 'gitpod/a', 'gitpod/b'])
    expect(catalogue.outcome).toEqual({ read: true, unnamed: 3 })
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/v2/_catalog',
      '/v2/_catalog?last=a&n=4',
      '/v2/_catalog?last=b',
    ])
  })

  it('is all of the registry if there is no prefix, and may be empty', async () => {
    expect(
      (await (await catalogueOf((_, response) => page(response, ['a', 'b/c']), '')).read()).unnamed,
    ).toEqual(['a', 'b/c'])
    expect((await (await catalogueOf((_, response) => page(response, null))).read()).unnamed).toEqual([])
  })

  it('is asked for with the right to list it', async () => {
    const { read, server } = await catalogueOf((_, response, authorization) => {
      if (authorization === 'Bearer T') return page(response, ['gitpod/a'])
      const challenge = `Bearer realm="http://${server.host}/token",service="here"`
      return response.writeHead(401, { 'www-authenticate': challenge }).end()
    })
    expect((await read()).unnamed).toEqual(['gitpod/a'])
    const token = server.seen.find(({ url }) => url.startsWith('/token'))?.url ?? ''
    expect(new URL(token, 'http://registry').searchParams.get('scope')).toBe('registry:catalog:*')
  })

  it.each([
    [401, 'may not list repositories'],
    [403, 'may not list repositories'],
    [404, 'has no catalogue'],
    [405, 'has no catalogue'],
    [500, 'no document names are not found'],
  ])('that is refused with %d is passed over, with what that means', async (status, hint) => {
    const { read } = await catalogueOf((_, response) => response.writeHead(status).end())
    expect(await read()).toMatchObject({
      unnamed: [],
      outcome: {
        read: false,
        reason: expect.stringContaining('catalogue'),
        hint: expect.stringContaining(hint),
      },
    })
  })

  it.each([
    ['a page of another shape', (response: ServerResponse) => response.end('{"repositories":"all"}')],
    ['no JSON', (response: ServerResponse) => response.end('<html>')],
    ['no end', (response: ServerResponse, count: number) => page(response, [], `/v2/_catalog?last=${count}`)],
  ])('with %s is passed over', async (_, answer) => {
    let count = 0
    const { read } = await catalogueOf((_, response) => answer(response, count++))
    expect((await read()).outcome).toMatchObject({ read: false, code: 'protocol' })
  })
})

it('a prune of all tags finds the repositories that no document names, over HTTP', async () => {
  const store = new MemoryStore()
  const image = sampleImage(['a layer'])
  const names = Array.from({ length: 5 }, (_, index) => `mirror/kept/${index}`)
  for (const name of [...names, 'mirror/forgotten', 'mirrored/app', 'other'])
    await pushSample(store.repository(name), image, '1')
  const server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
  cleanups.push(() => server.close())
  const registries = await openRegistries()
  const target = `127.0.0.1:${server.port}/mirror`
  const keep: Receipt = {
    kind: 'Receipt',
    version: 1,
    created: '2026-01-01T00:00:00.000Z',
    target,
    images: names.map(name => ({
      path: `${name.slice('mirror/'.length)}:1`,
      digest: image.descriptor.digest,
    })),
    blobs: [],
  }
  const request = { to: parsePrefix(target), keep: [keep], mirrored: [], execute: true }

  expect(await pruneTarget(request, registries, context)).not.toHaveProperty('catalogue')
  expect(await Array.fromAsync(store.repositories())).toContain('mirror/forgotten')
  const result = await pruneTarget({ ...request, allTags: true }, registries, context)
  expect(result).toMatchObject({
    catalogue: { read: true, unnamed: 1 },
    tags: [{ tag: `${target}/forgotten:1`, status: 'removed', digest: digestOf(image.bytes) }],
    leftAlone: [],
  })
  expect(await Array.fromAsync(store.repositories())).toEqual([...names, 'mirrored/app', 'other'])
})
