import { GpregError } from '../../errors.ts'
import { isPrivateHost, isPrivateLiteral } from '../connection/private-address.ts'
import { subjectOf, type Asked } from './failure.ts'
import type { ApiResponse } from './request.ts'

const MAX_REDIRECTS = 5

/**
 * The target of a redirect.
 * @throws `protocol` for too many redirects, for a public host that leads into this network, and as {@link resolveLocation}
 */
export async function followRedirect(
  { url: from, header }: Pick<ApiResponse, 'url' | 'header'>,
  hops: number,
  asked: Asked,
  plainHttp: readonly string[] = [],
): Promise<URL> {
  if (hops >= MAX_REDIRECTS) throw refuse(asked, `redirects more than ${MAX_REDIRECTS} times`)
  const next = resolveLocation(from, header('location'), asked, plainHttp)
  // It would be a request forged into this network.
  const isInside = next.host !== from.host && isPrivateLiteral(next.hostname)
  if (isInside && !(await isPrivateHost(from.hostname)))
    throw refuse(asked, `leads to ${next.host}, an address inside this network`)
  return next
}

/** Whether a response sends the client elsewhere. After a 303 only a GET would be right, which sends no content. */
export function isRedirect(status: number, method: string): boolean {
  if (status === 303) return method === 'GET' || method === 'HEAD'
  return status === 301 || status === 302 || status === 307 || status === 308
}

/**
 * A `Location` header as a URL. Registries behind a proxy that terminates TLS often write `http` for their own host, so that is
 * read as https.
 * @param plainHttp hosts that the user allows plain HTTP to
 * @throws `protocol` for no http(s) URL, and for https that leads to http of another host
 */
export function resolveLocation(
  from: URL,
  location: string | undefined,
  asked: Asked,
  plainHttp: readonly string[] = [],
): URL {
  if (location === undefined || location === '') throw refuse(asked, 'gave no Location')
  const url = URL.parse(location, from.href)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refuse(asked, 'gave a Location that is no http(s) URL')
  if (from.protocol === 'https:' && url.protocol === 'http:' && !plainHttp.includes(url.host)) {
    if (url.hostname !== from.hostname) throw refuse(asked, `leads from https to http://${url.host}`)
    url.protocol = 'https:'
    url.port = from.port
  }
  url.username = ''
  url.password = ''
  return url
}

/**
 * The `Location` of an upload. A registry that names itself by an inner address, over plain HTTP, is meant by its own address.
 * @throws as {@link resolveLocation}
 */
export function uploadLocation(
  from: URL,
  location: string | undefined,
  asked: Asked,
  plainHttp: readonly string[],
): URL {
  try {
    return resolveLocation(from, location, asked, plainHttp)
  } catch (error) {
    const url = URL.parse(location ?? '', from.href)
    const isInner = url?.protocol === 'http:' && from.protocol === 'https:' && url.pathname.startsWith('/v2/')
    if (isInner) return new URL(`${url.pathname}${url.search}`, from)
    throw error
  }
}

function refuse(asked: Asked, what: string): GpregError {
  const { method, path, host = 'the registry' } = asked
  return new GpregError('protocol', `${host} ${what} (${method} ${path})`, {
    ...subjectOf(asked),
    hint: 'look at the registry and the proxies before it: X-Forwarded-Proto and the redirect settings of its storage',
  })
}
