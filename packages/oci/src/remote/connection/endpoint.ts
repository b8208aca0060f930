import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { DOCKER_HUB } from '../../model/reference.ts'

/** API hosts that differ from the host in references. */
const API_HOSTS: Readonly<Record<string, string>> = { [DOCKER_HUB]: 'registry-1.docker.io' }

/**
 * The base URL of a registry's API. It is HTTPS, except for hosts in `plainHttp` and for loopback ports that speak no TLS. A
 * certificate error never leads to plain HTTP, because a port that shows a certificate speaks TLS.
 * @param patience milliseconds that a loopback port may take to answer: those of a busy machine take seconds
 */
export async function findEndpoint(
  host: string,
  plainHttp: readonly string[],
  patience: number,
): Promise<URL> {
  if (plainHttp.includes(host)) return new URL(`http://${host}/v2/`)
  const { hostname, port } = new URL(`https://${host}`)
  const plain = isLoopback(hostname) && !(await speaksTls(hostname, Number(port || 443), patience))
  return new URL(`${plain ? 'http' : 'https'}://${API_HOSTS[host] ?? host}/v2/`)
}

export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/** Whether a port answers with a TLS handshake. The certificate is checked later, by the real connection; here no authority is read. */
function speaksTls(hostname: string, port: number, timeout: number): Promise<boolean> {
  return new Promise(resolve => {
    const bare = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host: bare, port, rejectUnauthorized: false, ca: [], timeout })
    const settle = (speaks: boolean) => {
      socket.destroy()
      resolve(speaks)
    }
    socket.once('secureConnect', () => settle(true))
    socket.once('timeout', () => settle(true))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(!isNoTls(error)))
  })
}

/** Whether an error shows a port without TLS: it answered a client hello with something else, or hung up. A TLS alert is TLS. */
function isNoTls(error: NodeJS.ErrnoException): boolean {
  const code = error.code ?? ''
  return /ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|INVALID_RECORD)|EPROTO|ECONNRESET/.test(
    code,
  )
}
