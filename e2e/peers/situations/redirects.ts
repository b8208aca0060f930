import { answer, redirecting } from '@gpreg/oci/testing'
import { ANY, BLOB, MANIFEST, MOUNT, PING, UPLOAD } from '../oddities.ts'
import type { RawRegistry } from '../raw-registry.ts'
import { plainIndex } from '../sample-images.ts'
import type { Behaviour, Situation } from '../situation.ts'

const toStorage = (methods: string, url: RegExp, status: number): Behaviour => {
  return ({ storage }: RawRegistry) =>
    redirecting(methods, url, status, request => `http://${storage.host}${request.url}`)
}

/** Storage that takes addresses which it signed itself, but no other login. */
const storageWithoutLogins: Behaviour = at => {
  at.storage.oddities.push(
    ({ headers }, response) => headers.authorization !== undefined && answer(response, 400, 'only one login'),
  )
  return toStorage('GET', BLOB, 307)(at)
}

/** Answers that lead to another port, where the content is. */
export const REDIRECTS: readonly Situation[] = [
  ...[301, 302, 303, 307, 308].flatMap((status): Situation[] => [
    { name: `GET of blobs redirected with ${status}`, source: toStorage('GET', BLOB, status) },
    {
      name: `GET and HEAD of manifests redirected with ${status}`,
      source: toStorage('GET HEAD', MANIFEST, status),
    },
  ]),
  ...[301, 302, 307, 308].flatMap((status): Situation[] => [
    { name: `POST redirected with ${status}`, target: toStorage('POST', UPLOAD, status) },
    { name: `PATCH redirected with ${status}`, target: toStorage('PATCH', UPLOAD, status) },
    { name: `PUT of blobs redirected with ${status}`, target: toStorage('PUT', UPLOAD, status) },
    { name: `PUT of manifests redirected with ${status}`, target: toStorage('PUT', MANIFEST, status) },
    { name: `everything redirected with ${status}`, both: toStorage('GET HEAD POST PUT PATCH', ANY, status) },
  ]),
  { name: 'the first question (/v2/) redirected', both: toStorage('GET HEAD', PING, 302) },
  { name: 'an index behind redirects', image: plainIndex, both: toStorage('GET HEAD', ANY, 307) },
  { name: 'mounts redirected with 307', oneRegistry: true, target: toStorage('POST', MOUNT, 307) },
  {
    name: 'HEAD of blobs redirected to storage that answers only GET',
    both: at => {
      at.storage.oddities.push(({ method }, response) => method === 'HEAD' && answer(response, 403))
      return toStorage('GET HEAD', BLOB, 307)(at)
    },
  },
  { name: 'storage that refuses the login of the registry', login: 'password', source: storageWithoutLogins },
  {
    name: 'a redirect with a relative address',
    source: () => (request, response) => {
      if (request.method !== 'GET' || !BLOB.test(request.url!) || request.url!.includes('moved')) return false
      return answer(response, 307, '', { location: `./${request.url!.replace(/.*\//, '')}?moved` })
    },
  },
  {
    name: 'a chain of four redirects',
    source: () => (request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://registry')
      const nth = Number(searchParams.get('nth'))
      if (request.method !== 'GET' || !BLOB.test(pathname) || nth === 4) return false
      return answer(response, 307, '', { location: `${pathname}?nth=${nth + 1}` })
    },
  },
]
