import { hangingUp, refusing } from '@gpreg/oci/testing'
import { ANY, BLOB, MANIFEST, PING, TAGS, UPLOAD, atMost, cuttingShort, once } from '../oddities.ts'
import type { Situation } from '../situation.ts'

const requests: readonly (readonly [
  name: string,
  side: 'source' | 'target',
  methods: string,
  url: RegExp,
])[] = [
  ['GET of a manifest', 'source', 'GET', MANIFEST],
  ['HEAD of a manifest', 'source', 'HEAD', MANIFEST],
  ['GET of a blob', 'source', 'GET', BLOB],
  ['HEAD of a manifest at the target', 'target', 'HEAD', MANIFEST],
  ['HEAD of a blob', 'target', 'HEAD', BLOB],
  ['POST', 'target', 'POST', UPLOAD],
  ['PATCH', 'target', 'PATCH', UPLOAD],
  ['PUT of a blob', 'target', 'PUT', UPLOAD],
  ['PUT of a manifest', 'target', 'PUT', MANIFEST],
  ['the first question (/v2/)', 'source', 'GET', PING],
  ['the list of tags', 'target', 'GET', TAGS],
]

/** Faults that pass. */
export const FAULTS: readonly Situation[] = [
  ...[500, 502, 503, 504].flatMap(status =>
    requests.map(([name, side, methods, url]): Situation => ({
      name: `${status} once: ${name}`,
      [side]: () => once(refusing(methods, url, status)),
    })),
  ),
  ...requests.map(([name, side, methods, url]): Situation => ({
    name: `429 with Retry-After: 1 twice: ${name}`,
    [side]: () => atMost(2, refusing(methods, url, 429, '', { 'retry-after': '1' })),
  })),
  ...requests.map(([name, side, methods, url]): Situation => ({
    name: `429 once without Retry-After: ${name}`,
    [side]: () => once(refusing(methods, url, 429)),
  })),
  ...requests.map(([name, side, methods, url]): Situation => ({
    name: `connection cut once: ${name}`,
    [side]: () => once(hangingUp(methods, url)),
  })),
  { name: '408 once on everything', both: () => once(refusing('GET HEAD POST PUT PATCH', ANY, 408)) },
  { name: 'a blob cut once', source: at => once(cuttingShort(at, BLOB)) },
  { name: 'a blob cut three times', source: at => atMost(3, cuttingShort(at, BLOB)) },
  { name: 'a manifest cut once', source: at => once(cuttingShort(at, MANIFEST)) },
]
