import { GpregError, type Side } from '../../errors.ts'
import { isPrivateHost, isPrivateLiteral } from '../connection/private-address.ts'
import { sharesCloudLogins } from '../kind/quirks.ts'

/**
 * The token server that a registry names, once it is checked that credentials may be sent there. Another host is normal; plain HTTP
 * is refused, and so is a private address named by a public registry, because that would be a request forged into this network.
 * @throws `protocol`
 */
export async function tokenServer(
  realm: string,
  registry: URL,
  side: Side,
  scrub: (text: string) => string = text => text,
): Promise<URL> {
  const url = URL.parse(realm)
  const refuse = (why: string, hint: string) =>
    new GpregError(
      'protocol',
      `${registry.host} names ${JSON.stringify(scrub(realm).slice(0, 200))} as its token server, ${why}`,
      { host: registry.host, side, hint },
    )
  const server = url && (registry.protocol === 'https:' ? overTls(url, registry) : url)
  if (server?.protocol !== 'https:' && !(server?.protocol === 'http:' && registry.protocol === 'http:')) {
    throw refuse(
      'which is not https',
      'credentials are not sent over plain HTTP; mend the realm in the configuration of the registry',
    )
  }
  if (isPrivateLiteral(server.hostname) && !(await isPrivateHost(registry.hostname))) {
    throw refuse(
      'which is an address inside this network',
      'only a registry that is itself inside may do so; is it the registry you mean, and is nothing in between?',
    )
  }
  return server
}

/**
 * Registries behind a proxy that ends TLS often write `http` for their own host, so that is read as https: at the port of the
 * registry, or at the usual one. Another port of the host may be one behind the proxy, where nothing speaks TLS.
 */
function overTls(url: URL, registry: URL): URL {
  if (url.protocol !== 'http:' || url.hostname !== registry.hostname) return url
  const secure = new URL(url)
  secure.protocol = 'https:'
  return secure.port === '' || secure.port === registry.port ? secure : url
}

/**
 * Checks that the login of a cloud may be sent to the token server that a registry names. A login of a file was given for this
 * registry, and goes where the registry says; that of a cloud stays with the cloud.
 * @throws `protocol`
 */
export function assertCloudServer(server: URL, { host }: URL, side: Side): void {
  if (sharesCloudLogins(host, server.host)) return
  throw new GpregError(
    'protocol',
    `${host} names ${server.host} as its token server, which is another host`,
    {
      host,
      side,
      hint: `the login of a cloud is not sent there; is ${host} the registry you mean, and is nothing in between?`,
    },
  )
}
