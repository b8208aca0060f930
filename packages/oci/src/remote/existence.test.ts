import type { OutgoingHttpHeaders } from 'node:http'
import { expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { MediaType } from '../model/descriptor.ts'
import { digestOf } from '../model/hash.ts'
import { parseReference } from '../model/reference.ts'
import { scriptedServer } from '../testing/scripted-server.ts'
import { createRegistries } from './registries.ts'

const descriptor = { mediaType: MediaType.ociLayerGzip, digest: digestOf('blob'), size: 4 }
/** In place of a status: no answer. */
const CUT = 0
type Head = readonly [status: number, headers?: OutgoingHttpHeaders]

/** What `exists` says of the same blob twice, and the methods that it asked with. */
async function ask(answers: { readonly HEAD: Head; readonly GET?: Head }) {
  await using server = await scriptedServer(({ method, headers }, response) => {
    const [status, given = {}] = answers[method as keyof typeof answers] ?? [500]
    if (method === 'GET') expect(headers.range).toBe('bytes=0-0')
    if (status === CUT) return void response.destroy()
    response
      .writeHead(status, given)
      .end(method === 'GET' ? 'x'.repeat(Number(given['content-length'] ?? 0)) : '')
  })
  const registries = await createRegistries({ env: {} }, createContext({ sleep: async () => {} }))
  const { repository } = registries.open('target', parseReference(`${server.host}/app:1`))
  const said: unknown[] = []
  for (let times = 0; times < 2; times++)
    said.push(await repository.exists(descriptor).catch(({ code }: { code: string }) => code))
  await registries.close()
  return [...said, ...server.seen.map(({ method }) => method)]
}

const empty: Head = [200, { 'content-length': 0 }]

it.each<[string, Head]>([
  ['its size', [200, { 'content-length': 4 }]],
  ['no size', [200]],
  ['the size of a coded answer', [200, { 'content-length': 3, 'content-encoding': 'gzip' }]],
])('a blob is there by one HEAD that says %s', async (_, HEAD) => {
  expect(await ask({ HEAD })).toEqual([true, true, 'HEAD', 'HEAD'])
})

it.each<[string, Head]>([
  ['has no first byte', [416, { 'content-range': 'bytes */0' }]],
  ['is a part of another size', [206, { 'content-length': 1, 'content-range': 'bytes 0-0/3' }]],
  ['is all of another size', [200, { 'content-length': 3 }]],
])('a blob of another size is told from one that is there: GET %s', async (_, GET) => {
  const wrong = 'size-mismatch'
  expect(await ask({ HEAD: empty, GET })).toEqual([wrong, wrong, 'HEAD', 'GET', 'HEAD', 'GET'])
  expect(await ask({ HEAD: [405], GET })).toEqual([wrong, wrong, 'HEAD', 'GET', 'HEAD', 'GET'])
})

it.each<[string, Head]>([
  ['has no answer', [CUT]],
  ['fails', [500]],
])('the size that HEAD says is believed if GET %s, at once', async (_, GET) => {
  const wrong = 'size-mismatch'
  expect(await ask({ HEAD: empty, GET })).toEqual([wrong, wrong, 'HEAD', 'GET', 'HEAD', 'GET'])
})

it.each<[string, Head]>([
  ['says its size', [206, { 'content-length': 1, 'content-range': 'bytes 0-0/4' }]],
  ['says no size', [206, { 'content-length': 1, 'content-range': 'bytes 0-0/*' }]],
])('a registry whose HEAD says a wrong size is asked with GET: %s', async (_, GET) => {
  expect(await ask({ HEAD: empty, GET })).toEqual([true, true, 'HEAD', 'GET', 'GET'])
})
