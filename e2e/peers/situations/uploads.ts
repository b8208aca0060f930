import { answer, refusing, withoutHeaders } from '@gpreg/oci/testing'
import { MANIFEST, UPLOAD, once, refusingIf, relocating, setting, succeedingWith } from '../oddities.ts'
import { largeImage, plainIndex } from '../sample-images.ts'
import type { Behaviour, Situation } from '../situation.ts'

const locations: readonly (readonly [name: string, behaviour: Behaviour])[] = [
  ['absolute', ({ host }) => relocating(path => `http://${host}${path}`)],
  ['with query state', () => [needingState, relocating(withState)]],
  ['without its port', () => relocating(path => `http://127.0.0.1${path}`)],
  ['with an inner name', () => relocating(path => `http://registry.invalid:5000${path}`)],
  ['with another scheme', ({ host }) => relocating(path => `https://${host}${path}`)],
  ['without a scheme', ({ host }) => relocating(path => `//${host}${path}`)],
  ['on the storage', ({ storage }) => relocating(path => `http://${storage.host}${path}`)],
  [
    'relative to the request',
    () => relocating((path, { method }) => (method === 'POST' ? path : path.replace(/.*\//, ''))),
  ],
]

const withState = (path: string) => `${path}?_state=a%2Bb%3D%3D&x=`
const needingState = refusingIf(({ url }) => !url!.includes('_state=a%2Bb%3D%3D'), 'PATCH PUT', UPLOAD, 400)

const headers: readonly (readonly [name: string, behaviour: Behaviour])[] = [
  ['uploads without Range', () => withoutHeaders('POST PATCH', UPLOAD, 'range')],
  ['uploads with Range 0-0', () => setting('POST PATCH', UPLOAD, { range: '0-0' })],
  ['uploads with Range bytes=0-0', () => setting('POST PATCH', UPLOAD, { range: 'bytes=0-0' })],
  ['uploads without Docker-Upload-UUID', () => withoutHeaders('POST PATCH', UPLOAD, 'docker-upload-uuid')],
  ['PATCH without Location', () => withoutHeaders('PATCH', UPLOAD, 'location')],
  ['PUT without Location', () => withoutHeaders('PUT', /./, 'location')],
  ['PUT without Docker-Content-Digest', () => withoutHeaders('PUT', /./, 'docker-content-digest')],
]

const statuses: readonly (readonly [name: string, behaviour: Behaviour])[] = [
  ...[200, 201, 204].map(
    status => [`POST answered with ${status}`, () => succeedingWith('POST', UPLOAD, status)] as const,
  ),
  ...[200, 201, 204].map(
    status => [`PATCH answered with ${status}`, () => succeedingWith('PATCH', UPLOAD, status)] as const,
  ),
  ...[200, 202, 204].map(
    status => [`PUT of blobs answered with ${status}`, () => succeedingWith('PUT', UPLOAD, status)] as const,
  ),
  ...[200, 202, 204].map(
    status =>
      [`PUT of manifests answered with ${status}`, () => succeedingWith('PUT', MANIFEST, status)] as const,
  ),
]

const refusals: readonly Situation[] = [
  ...[404, 405, 501].map((status): Situation => ({
    name: `PATCH refused with ${status}`,
    target: () => refusing('PATCH', UPLOAD, status),
  })),
  {
    name: 'PATCH without length refused with 411',
    target: () => refusingIf(({ headers }) => headers['content-length'] === undefined, 'PATCH', UPLOAD, 411),
  },
  {
    name: 'PUT with a body refused with 400',
    target: () => refusingIf(({ headers }) => (headers['content-length'] ?? '0') !== '0', 'PUT', UPLOAD, 400),
  },
  {
    name: 'bodies above 5 MB refused with 413',
    image: largeImage,
    target: () =>
      refusingIf(({ headers }) => Number(headers['content-length']) > 5e6, 'PATCH PUT', UPLOAD, 413),
  },
  { name: 'a large image', image: largeImage },
  {
    name: 'the parts of an index known a moment later',
    image: plainIndex,
    target: () => once(refusing('PUT', /manifests\/1$/, 404, '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')),
  },
  {
    name: 'the blobs of an image known a moment later',
    target: () =>
      once(refusing('PUT', /manifests\/1$/, 404, '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')),
  },
  {
    name: 'manifests refused under a digest',
    target: () => refusing('PUT', /manifests\/sha256:/, 400),
  },
  {
    name: 'an upload forgotten once',
    target: () => once(refusing('PUT', UPLOAD, 404, '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')),
  },
  {
    name: 'uploads that want Content-Type application/octet-stream',
    target: () => (request, response) => {
      const { 'content-type': type, 'content-length': length } = request.headers
      const isBody = /^(PATCH|PUT)$/.test(request.method!) && UPLOAD.test(request.url!) && length !== '0'
      if (!isBody || type === 'application/octet-stream') return false
      request.resume()
      return answer(response, 415)
    },
  },
]

/** Writing blobs and manifests. */
export const UPLOADS: readonly Situation[] = [
  ...locations.map(([name, target]): Situation => ({ name: `Location ${name}`, target })),
  ...headers.map(([name, target]): Situation => ({ name, target })),
  ...statuses.map(([name, target]): Situation => ({ name, target })),
  ...refusals,
]
