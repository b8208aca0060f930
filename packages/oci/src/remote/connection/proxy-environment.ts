import { isIP } from 'node:net'
import { pick, readProxies, type Proxies } from './proxies.ts'

/** Loopback, and where a machine of a cloud asks for its own identity: both end here, so no proxy reaches them. */
const DIRECT = ['localhost', '127.0.0.1', '::1', '169.254.169.254', 'metadata.google.internal']

/**
 * Rewrites the proxy variables of an environment, so that other libraries in this process reach the same hosts by the same proxies as
 * gpreg. Each library has a reading of its own: most take no proxy without a scheme, some see one spelling of a name only, and to some
 * `corp` in NO_PROXY stands for no name below it.
 * @param env usually `process.env`; to rewrite it twice changes nothing more
 * @returns the proxies that it names
 * @throws `usage` for a proxy that cannot be used
 */
export function unifyProxies(env: NodeJS.ProcessEnv): Proxies {
  const proxies = readProxies(env)
  const exceptions = pick(env, 'NO_PROXY')?.value.split(/[,\s]+/) ?? []
  // Few libraries know `*`, and all know a variable that is not there.
  if (exceptions.includes('*')) {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) set(env, name, undefined)
    return proxies
  }
  if (proxies.http === undefined && proxies.https === undefined) return proxies
  const named = exceptions.filter(entry => !DIRECT.includes(entry))
  set(env, 'HTTP_PROXY', proxies.http?.url.href)
  set(env, 'HTTPS_PROXY', proxies.https?.url.href)
  set(env, 'NO_PROXY', [...new Set([...named.flatMap(spellings), ...DIRECT])].join(','))
  return proxies
}

function set(env: NodeJS.ProcessEnv, name: string, value: string | undefined): void {
  for (const variable of [name, name.toLowerCase()])
    if (value === undefined) delete env[variable]
    else env[variable] = value
}

/** An entry of NO_PROXY in the spellings that all libraries together need: to some of them a name stands for no name below it. */
function spellings(entry: string): string[] {
  if (entry === '') return []
  const name = entry.toLowerCase()
  const isName = /^[^.*/[][^/:]*$/.test(name) && isIP(name) === 0
  return isName ? [name, `.${name}`] : [name]
}
