import { GpregError } from '../../errors.ts'
import type { Asked } from './failure.ts'

const MAX_REDIRECTS = 5

/**
 * The target of a redirect.
 * @throws `protocol` for too many redirects, for no http(s) URL, and for https that leads to http
 */
export function followRedirect(from: URL, location: string | undefined, hops: number, asked: Asked): URL {
  if (hops >= MAX_REDIRECTS) throw refuse(asked, `redirects more than ${MAX_REDIRECTS} times`)
  return resolveLocation(from, location, asked)
}

/**
 * A `Location` header as a URL. Registries behind a proxy that terminates TLS often write `http` for their own host, so that is
 * read as https. From https to http of another host is refused.
 */
export function resolveLocation(from: URL, location: string | undefined, asked: Asked): URL {
  if (location === undefined || location === '') throw refuse(asked, 'gave no Location')
  const url = URL.parse(location, from)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refuse(asked, 'gave a Location that is no http(s) URL')
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    if (url.hostname !== from.hostname) throw refuse(asked, `leads from https to http://${url.host}`)
    url.protocol = 'https:'
    url.port = from.port
  }
  url.username = ''
  url.password = ''
  return url
}

function refuse(asked: Asked, what: string): GpregError {
  const { method, path, ...subject } = asked
  return new GpregError('protocol', `${subject.host ?? 'the registry'} ${what} (${method} ${path})`, {
    ...subject,
    hint: 'look at the registry and the proxies before it: X-Forwarded-Proto and the redirect settings of its storage',
  })
}
