/** Nanoseconds of each unit that a duration may have. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const DURATION = /^([+-]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const LONGEST = 2n ** 63n - 1n

/** Nanoseconds of a text as Go's `time.ParseDuration` reads it; undefined if it cannot. https://pkg.go.dev/time#ParseDuration */
export function parseDuration(text: string): bigint | undefined {
  const [, sign, rest = ''] = DURATION.exec(text) ?? []
  if (sign === undefined) return undefined
  let total = 0n
  for (const [, whole = '', part = '', unit = ''] of rest.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = UNITS[unit] ?? 0n
    total += BigInt(whole || 0) * scale + (BigInt(part || 0) * scale) / 10n ** BigInt(part.length)
  }
  if (total > LONGEST) return undefined
  return sign === '-' ? -total : total
}

const ESCAPE = /%(?![0-9a-f]{2})/i
const USER = /^[a-z0-9._:~!$&'()*+,;=%@-]*$/i
/** Host names may have sub-delimiters, quotes and angle brackets, and whatever is not ASCII. */
const HOST = /^(?:[a-z0-9._~!$&'()*+,;=:[\]<>"-]|[^\0-\x7f]|%25|%[89a-f][0-9a-f])*$/i

/**
 * True if a text passes the installer's `url`: Go's `url.ParseRequestURI` reads it, and it has a scheme.
 * https://github.com/go-playground/validator/blob/v10.9.0/baked_in.go, https://pkg.go.dev/net/url#ParseRequestURI
 */
export function isUrl(text: string): boolean {
  const [url = ''] = text.split('#', 1)
  if (/[\0-\x1f\x7f]/.test(url)) return false
  const rest = /^[a-z][a-z0-9+.-]*:(.*)$/is.exec(url)?.[1]
  if (rest === undefined) return false
  if (!rest.startsWith('/')) return true
  const [path = ''] = rest.split('?', 1)
  const authority = /^\/\/([^/]*)/.exec(path)?.[1]
  if (authority === undefined) return !ESCAPE.test(path)
  return isAuthority(authority) && !ESCAPE.test(path.slice(authority.length + 2))
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@')
  const [user, host] = [authority.slice(0, Math.max(at, 0)), authority.slice(at + 1)]
  if (!USER.test(user) || ESCAPE.test(user)) return false
  if (host.startsWith('[')) return /^\[[^\]]*\](?::\d*)?$/.test(host) && HOST.test(host)
  const port = host.includes(':') ? host.slice(host.lastIndexOf(':') + 1) : ''
  return HOST.test(host) && /^\d*$/.test(port)
}
