import type { IncomingMessage } from 'node:http'
import type { Digest } from '@gpreg/oci'
import { answer, isFor, rewriting, withoutHeaders, type Oddity } from '@gpreg/oci/testing'
import type { RawRegistry } from './raw-registry.ts'

/** URLs of each kind of request. */
export const MANIFEST = /\/manifests\//
export const BLOB = /\/blobs\/sha/
export const UPLOAD = /\/blobs\/uploads\//
export const MOUNT = /mount=/
export const TAGS = /\/tags\/list/
export const REFERRERS = /\/referrers\//
export const PING = /^\/v2\/$/
export const ANY = /^\/v2\/./

/** Lets an oddity answer only so many requests. */
export function atMost(count: number, oddity: Oddity): Oddity {
  let left = count
  return (request, response) => left > 0 && oddity(request, response) === true && left-- > 0
}

export const once = (oddity: Oddity): Oddity => atMost(1, oddity)

/** Closes the connection after the first half of a blob or manifest. */
export function cuttingShort({ store, manifests }: RawRegistry, url: RegExp): Oddity {
  return (request, response) => {
    if (!isFor(request, 'GET', url)) return false
    const [, repository, name] = /^\/v2\/(.+)\/(?:blobs|manifests)\/([^/?]+)/.exec(request.url!) ?? []
    const manifest = manifests.find(repository!, name!)
    const bytes = manifest?.bytes ?? store.repository(repository!).stored(name as Digest)!.bytes
    response.writeHead(200, {
      'content-type': manifest?.mediaType ?? 'application/octet-stream',
      'content-length': bytes.byteLength,
    })
    response.write(bytes.subarray(0, bytes.byteLength / 2), () => request.socket.destroy())
    return true
  }
}

/** Answers without their length, which are sent in chunks. */
export const chunked = (methods: string, url: RegExp): Oddity =>
  withoutHeaders(methods, url, 'content-length')

/** Sets headers of answers. */
export function setting(methods: string, url: RegExp, added: Readonly<Record<string, string>>): Oddity {
  return rewriting(methods, url, ({ headers }) => ({ headers: { ...headers, ...added } }))
}

/** Answers with another status of success. */
export function succeedingWith(methods: string, url: RegExp, to: number): Oddity {
  return rewriting(methods, url, ({ status }) => ({ status: status < 300 ? to : status }))
}

/** Changes the address of uploads. */
export function relocating(change: (path: string, request: IncomingMessage) => string): Oddity {
  return rewriting('POST PATCH', UPLOAD, ({ status, headers }, request) => {
    const location = headers['location']
    if (status !== 202 || location === undefined) return {}
    return { headers: { ...headers, location: change(`${location}`, request) } }
  })
}

/** Changes requests before the registry sees them. */
export function preparing(methods: string, url: RegExp, change: (request: IncomingMessage) => void): Oddity {
  return request => {
    if (isFor(request, methods, url)) change(request)
    return false
  }
}

/** Refuses requests for a reason that lies in the request. */
export function refusingIf(
  wrong: (request: IncomingMessage) => boolean,
  methods: string,
  url: RegExp,
  status: number,
): Oddity {
  return (request, response) => {
    if (!isFor(request, methods, url) || !wrong(request)) return false
    request.resume()
    return answer(response, status)
  }
}
