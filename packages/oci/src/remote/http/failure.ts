import { isGpregError, GpregError, type ErrorCode, type ErrorSubject, type Side } from '../../errors.ts'
import type { Proxy } from '../connection/proxies.ts'
import { ProxyError } from '../connection/proxy-error.ts'
import type { Connection } from '../connection/connections.ts'
import { describeCode, errorCode } from '../connection/error-code.ts'
import { hostPeer, tlsFailure } from '../connection/tls-failure.ts'
import { isPublicRegistry } from '../kind/quirks.ts'
import { proxyFailure, proxyHint } from './proxy-failure.ts'
import { formatError, reasonIn, registryErrors, type RegistryError, type Speaker } from './server-words.ts'

/** A request as messages name it. Never a full URL, because its query may carry a signature. */
export interface Asked extends ErrorSubject {
  readonly method: string
  readonly path: string
  /** Set if another host was asked, because the registry redirected there or gave its address for an upload. */
  readonly via?: { readonly registry: string; readonly location: string }
}

/** What an error is about that a request led to. */
export function subjectOf({ method: _method, path: _path, via: _via, ...subject }: Asked): ErrorSubject {
  return subject
}

/** The next step after a host that sent too little for too long. */
export const STALLED_HINT =
  'run the same command again to continue; a line that is slow rather than down may need a longer --stall-timeout'

const STALLED = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** undici's code for a proxy that answers an http URL with 407. Requests are made by this package, so no other argument is invalid. */
const PROXY_LOGIN = 'UND_ERR_INVALID_ARG'

/**
 * An error of the network, of TLS or of the HTTP client as a typed error. Typed errors pass unchanged.
 * @param connection the way that the request was sent
 */
export function networkError(
  thrown: unknown,
  { method, path, via, ...subject }: Asked,
  { proxy, trustPlaces = [] }: Pick<Connection, 'proxy' | 'trustPlaces'> = {},
): GpregError {
  if (isGpregError(thrown)) return thrown
  if (thrown instanceof ProxyError) return proxyFailure(thrown, subject)
  const code = errorCode(thrown)
  if (proxy !== undefined && code === PROXY_LOGIN)
    return proxyFailure(new ProxyError(proxy, 407, thrown), subject)
  const host = subject.host ?? 'the registry'
  const details = { ...subject, cause: thrown }
  const failure = tlsFailure(code, details, hostPeer(host, trustPlaces))
  if (failure !== undefined) return failure
  if (STALLED.has(code)) {
    return new GpregError('stalled', `${host} sent nothing for too long (${method} ${path})`, {
      ...details,
      hint: STALLED_HINT,
    })
  }
  if (code === 'ABORT_ERR' || code === 'UND_ERR_ABORTED')
    return new GpregError('aborted', 'interrupted', details)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new GpregError(
    'unreachable',
    `no answer from ${host}${wayTo(via)}: ${describeCode(code, message)}`,
    {
      ...details,
      hint: via === undefined ? unreachableHint(code, host) : elsewhereHint(via.registry, host),
    },
  )
}

function wayTo(via: Asked['via']): string {
  return via === undefined ? '' : `, where ${via.registry} sends clients (${via.location})`
}

function elsewhereHint(registry: string, host: string): string {
  return `make ${host} reachable from here (DNS, firewall, NO_PROXY), or have ${registry} serve the content itself (CNCF distribution: storage.redirect.disable, http.host)`
}

function unreachableHint(code: string, host: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `check the name ${host}, DNS, and HTTPS_PROXY if you are behind a proxy`
  if (code === 'ECONNREFUSED') return `is a registry listening on ${host}?`
  return 'run the same command again to continue; check the line, HTTPS_PROXY and NO_PROXY'
}

/** Whether a host is away as a whole, as during a restart: nothing listens there, or what stands in front of it says so. */
export function isAway({ cause, subject: { status = 0 } }: GpregError): boolean {
  return errorCode(cause) === 'ECONNREFUSED' || (status >= 502 && status <= 504)
}

/** A response with an unexpected status. */
export interface FailedResponse extends Speaker {
  /** Whether the request was made with a login of the user. */
  readonly hadLogin?: boolean
  /** Whether the request was for a token, which only a login can be refused. */
  readonly isOfTokenServer?: boolean
  /** The proxy that the response came through, if the proxy may have made it itself. */
  readonly proxy?: Proxy | undefined
}

/** The typed error for a response with an unexpected status. @param now milliseconds since the epoch */
export function responseError(
  response: FailedResponse,
  { method, path, via, ...subject }: Asked,
  now: number,
): GpregError {
  const { status } = response
  const said = registryErrors(response)
  const host = subject.host ?? 'the registry'
  // A registry that tells its own errors is known to have answered, whatever lies between.
  const proxy = said.length > 0 ? undefined : response.proxy
  const way = proxy === undefined ? '' : ` through the proxy ${proxy.address}`
  const hadLogin = status === 401 && response.hadLogin === true
  const owner = via?.registry ?? host
  const login = hadLogin ? ` with the login that is kept for ${owner === host ? 'it' : owner}` : ''
  const reason = said.map(formatError).join('; ') || reasonIn(response)
  const what = `${host}${wayTo(via)} answered ${status} to ${method} ${path}${way}${login}${reason && `: ${reason}`}`
  const code = errorCodeOf(status, said)
  const retryAfter = parseRetryAfter(response.header('retry-after'), clockOf(response) ?? now)
  const scheme = status === 401 ? foreignScheme(response) : undefined
  const isLogin = response.isOfTokenServer === true && (status === 401 || status === 403)
  return new GpregError(code, what, {
    ...subject,
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(via === undefined || isLogin
      ? hintOf(code, owner, { side: subject.side, method, hadLogin, scheme })
      : { hint: elsewhereHint(via.registry, host) }),
    ...(status === FULL_DISK ? fullDisk(host) : {}),
    ...(subject.side === 'target' ? targetHint(status, host, method, reason) : {}),
    ...(proxy === undefined || status === 401 ? {} : { hint: proxyHint(proxy, host) }),
  })
}

function errorCodeOf(status: number, said: readonly RegistryError[]): ErrorCode {
  const codes = new Set(said.map(error => error.code))
  if (codes.has('MANIFEST_BLOB_UNKNOWN') || (codes.has('BLOB_UNKNOWN') && status !== 404))
    return 'blob-unknown'
  if (codes.has('DIGEST_INVALID')) return 'digest-mismatch'
  if (codes.has('BLOB_UPLOAD_UNKNOWN') || codes.has('BLOB_UPLOAD_INVALID') || status === 416)
    return 'upload-lost'
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not-found'
  if (status === 429 || codes.has('TOOMANYREQUESTS')) return 'rate-limited'
  if (status === 501 || status === 505) return 'protocol'
  if (status === 408 || status === 499 || status >= 500) return 'server-error'
  return 'protocol'
}

/** The status of a registry whose disk is full. https://www.rfc-editor.org/rfc/rfc4918#section-11.5 */
export const FULL_DISK = 507

/**
 * A full disk of the registry is not retried, because somebody has to make room first.
 * https://www.rfc-editor.org/rfc/rfc4918#section-11.5
 */
function fullDisk(host: string): { retryable: false; hint: string } {
  return { retryable: false, hint: `${host} has no room left: make some, and run the same command again` }
}

const READING = new Set(['GET', 'HEAD'])

/** Words of registries for a tag that a rule keeps as it is, and for a project that has used up its room. */
const [IMMUTABLE, QUOTA] = [
  /immutab|cannot be overwritten/i,
  /\bquota\b|storage limit|configured upper limit/i,
]

/** What only a target refuses. Registries have no status or code of their own for most of it, so their words are read. */
function targetHint(status: number, host: string, method: string, reason: string): { hint?: string } {
  if (IMMUTABLE.test(reason))
    return {
      hint: `${host} lets nobody change this tag: take the rule away there (immutable tags), delete the tag, or mirror to another path`,
    }
  if (QUOTA.test(reason))
    return {
      hint: `there is no room left in this project of ${host}: have its quota raised, or make room there`,
    }
  if (status !== 405) return {}
  return {
    hint: `${host}, or a proxy before it, takes no ${method}: it is read-only (a pull-through cache, gpreg serve of a bundle, maintenance); name a registry that can be written to`,
  }
}

/** What was tried, for the hint. */
interface FailedAttempt {
  readonly side: Side | undefined
  readonly method: string
  readonly hadLogin: boolean
  /** see {@link foreignScheme} */
  readonly scheme: string | undefined
}

/** The scheme of a login that is unknown here, such as Negotiate; undefined if a known one is offered, too. */
function foreignScheme({ header }: FailedResponse): string | undefined {
  const told = header('www-authenticate')
  if (told === undefined || /(?:^|,)\s*(?:basic|bearer)\b/i.test(told)) return undefined
  return /^\s*([\w-]{1,40})/.exec(told)?.[1]
}

function hintOf(
  code: ErrorCode,
  host: string,
  { side, method, hadLogin, scheme }: FailedAttempt,
): { hint?: string } {
  if (scheme !== undefined)
    return {
      hint: `${host} asks for a login by ${scheme}, and gpreg logs in by Basic or Bearer: have one of these allowed there`,
    }
  const isRefused = code === 'unauthorized' || code === 'forbidden'
  if (isRefused && side === 'target' && isPublicRegistry(host)) {
    return {
      hint: `${host} is for everybody to read, and only the owners of its repositories may push: name a registry of your own, or log in as such an owner with gpreg login ${host}`,
    }
  }
  switch (code) {
    case 'unauthorized':
      if (hadLogin)
        return {
          hint: `the password is wrong or the token has expired: log in anew with gpreg login ${host}, or name another credentials file with --authfile`,
        }
      return {
        hint: `log in with gpreg login ${host} (or docker, or podman), or name a credentials file with --authfile; some registries also answer so for a repository that does not exist`,
      }
    case 'forbidden':
      return {
        hint: `these credentials may not do this on ${host}; ask for pull rights on sources and push rights on the target`,
      }
    case 'not-found':
      if (side === 'target' && !READING.has(method))
        return {
          hint: `${host} takes no upload there: check that it is a registry, the path below it, and whether the repository or its project must be made first`,
        }
      return { hint: `check the name and the tag: ${host} does not have it` }
    case 'rate-limited':
      return {
        hint: `${host} limits requests: log in for a higher limit, lower --concurrency, or run the same command again later`,
      }
    case 'upload-lost':
      return {
        hint: `${host} does not know this upload any more: if several servers answer under this name, they need one storage and one secret (CNCF distribution: REGISTRY_HTTP_SECRET), or a proxy that keeps a client at one of them`,
      }
    case 'server-error':
      return { hint: 'run the same command again to continue; the log of the registry knows more' }
    default:
      return {}
  }
}

/** The time of the server that answered, in milliseconds since the epoch: a date that it names is one of its own clock. */
function clockOf({ header }: FailedResponse): number | undefined {
  return Date.parse(header('date') ?? '') || undefined
}

/**
 * `Retry-After` in milliseconds from now: seconds or an HTTP date.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = /[a-z]/i.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
