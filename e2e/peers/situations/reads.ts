import { gzipSync } from 'node:zlib'
import { compressing, refusing, rewriting, withoutHeaders } from '@gpreg/oci/testing'
import { ANY, BLOB, MANIFEST, PING, TAGS, chunked, preparing, refusingIf, setting } from '../oddities.ts'
import { largeImage, plainIndex } from '../sample-images.ts'
import type { Behaviour, Situation } from '../situation.ts'

const refusals = [
  ['manifests', MANIFEST],
  ['blobs', BLOB],
] as const

const heads = [401, 403, 405, 500].flatMap(status =>
  refusals.flatMap(([what, url]) =>
    (['source', 'target', 'both'] as const).map((side): Situation => ({
      name: `HEAD of ${what} refused with ${status}, ${side}`,
      [side]: () => refusing('HEAD', url, status),
    })),
  ),
)

/** The header fields that clients read from the answer to a manifest. */
const types: readonly (readonly [name: string, behaviour: Behaviour])[] = [
  ...['application/octet-stream', 'text/plain', 'application/json'].map(
    type =>
      [`manifests called ${type}`, () => setting('GET HEAD', MANIFEST, { 'content-type': type })] as const,
  ),
  ['manifests without a type', () => withoutHeaders('GET HEAD', MANIFEST, 'content-type')],
  [
    'manifest types with a charset',
    () =>
      rewriting('GET HEAD', MANIFEST, ({ headers }) => ({
        headers: { ...headers, 'content-type': `${headers['content-type']}; charset=utf-8` },
      })),
  ],
  ['no Docker-Content-Digest', () => withoutHeaders('GET HEAD PUT', ANY, 'docker-content-digest')],
  ['an empty Docker-Content-Digest', () => setting('GET HEAD PUT', ANY, { 'docker-content-digest': '' })],
  ['HEAD without length', () => withoutHeaders('HEAD', ANY, 'content-length')],
  ['HEAD with length 0', () => setting('HEAD', ANY, { 'content-length': '0' })],
  [
    'connections closed after each answer',
    () => setting('GET HEAD POST PUT PATCH', /./, { connection: 'close' }),
  ],
  [
    'connections closed without a word',
    () => (request, response) => void response.once('finish', () => request.socket.end()),
  ],
]

const encodings: readonly Situation[] = [
  { name: 'manifests and blobs in chunks', source: () => chunked('GET', ANY) },
  { name: 'gzip without being asked', source: () => compressing(gzipSync, 'gzip') },
  {
    name: 'gzip if asked for',
    source: () => (request, response) =>
      /gzip/.test(`${request.headers['accept-encoding']}`) &&
      compressing(gzipSync, 'gzip')(request, response),
  },
  {
    name: 'ranges ignored',
    image: largeImage,
    source: () => preparing('GET', BLOB, request => delete request.headers['range']),
  },
  {
    name: 'ranges answered with 416',
    image: largeImage,
    source: () => refusingIf(({ headers }) => headers.range !== undefined, 'GET', BLOB, 416),
  },
  {
    name: '206 for a whole request',
    source: () =>
      rewriting('GET', BLOB, ({ headers }) => ({
        status: 206,
        headers: {
          ...headers,
          'content-range': `bytes 0-${Number(headers['content-length']) - 1}/${headers['content-length']}`,
        },
      })),
  },
]

const rest: readonly Situation[] = [
  {
    name: '403 for what is not there yet',
    target: () => rewriting('GET HEAD', ANY, ({ status }) => ({ status: status === 404 ? 403 : status })),
  },
  {
    name: '401 for what is not there yet',
    target: () => rewriting('GET HEAD', ANY, ({ status }) => ({ status: status === 404 ? 401 : status })),
  },
  { name: 'reads of the target forbidden', target: () => refusing('GET HEAD', ANY, 403) },
  ...[401, 403, 404, 500].map((status): Situation => ({
    name: `the first question (/v2/) refused with ${status}`,
    both: () => refusing('GET HEAD', PING, status),
  })),
  { name: 'the first question answered with HTML', both: () => refusing('GET', PING, 200, '<html></html>') },
  ...[403, 404, 500].map((status): Situation => ({
    name: `the list of tags refused with ${status}`,
    both: () => refusing('GET', TAGS, status),
  })),
  { name: 'the list of tags answered with HTML', both: () => refusing('GET', TAGS, 200, '<html></html>') },
  {
    name: 'a list of 100 000 tags',
    both: () =>
      refusing(
        'GET',
        TAGS,
        200,
        JSON.stringify({ name: 'app', tags: Array.from({ length: 100_000 }, (_, nth) => `v${nth}`) }),
      ),
  },
  {
    name: 'a list of tags without end',
    both: () =>
      refusing('GET', TAGS, 200, '{"name":"app","tags":["0","1"]}', {
        link: '</v2/app/tags/list?n=2&last=1>; rel="next"',
      }),
  },
]

/** Reading: existence, headers, encodings, ranges, lists. */
export const READS: readonly Situation[] = [
  ...heads,
  ...types.flatMap(([name, both]): Situation[] => [
    { name, both },
    { name: `${name}, an index`, both, image: plainIndex },
  ]),
  ...encodings,
  ...rest,
]
