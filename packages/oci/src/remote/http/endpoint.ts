import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { DOCKER_HUB } from '../../model/reference.ts'

/** Docker Hub's registry answers under another name than its references carry. */
const API_HOSTS: Readonly<Record<string, string>> = { [DOCKER_HUB]: 'registry-1.docker.io' }

const PROBE_TIMEOUT = 5_000

/**
 * The base URL of a registry's API. HTTPS, but plain HTTP where the user named the host, and on loopback where the port
 * speaks no TLS: that says nothing about certificates, so a certificate error never leads to plain HTTP.
 */
export async function findEndpoint(host: string, plainHttp: readonly string[]): Promise<URL> {
  if (plainHttp.includes(host)) return new URL(`http://${host}/v2/`)
  const { hostname, port } = new URL(`https://${host}`)
  const plain = isLoopback(hostname) && !(await speaksTls(hostname, Number(port || 443)))
  return new URL(`${plain ? 'http' : 'https'}://${API_HOSTS[host] ?? host}/v2/`)
}

export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/** Whether a TLS server hello comes back; who it claims to be is checked later, by the real connection. */
function speaksTls(hostname: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const bare = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host: bare, port, rejectUnauthorized: false, timeout: PROBE_TIMEOUT })
    const settle = (speaks: boolean) => {
      socket.destroy()
      resolve(speaks)
    }
    socket.once('secureConnect', () => settle(true))
    socket.once('timeout', () => settle(true))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(!isNoTls(error)))
  })
}

/** A port that answers a client hello with something else, or hangs up on it, speaks no TLS; a TLS alert is TLS. */
function isNoTls(error: NodeJS.ErrnoException): boolean {
  const code = error.code ?? ''
  return /ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|INVALID_RECORD)|EPROTO|ECONNRESET/.test(
    code,
  )
}
