import type { RequestListener, Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Context } from '../context.ts'
import { GpregError } from '../errors.ts'
import { renewTls, type RenewableTls } from './tls-renewal.ts'

export interface ListeningServer {
  readonly url: string
  readonly port: number
  /** Ends idle connections at once; the others when they are done, or after a few seconds. */
  close(): Promise<void>
}

/** Milliseconds within which the headers of a request must arrive. Bodies may take as long as bytes arrive. */
const HEADERS_TIMEOUT = 30_000
const IDLE_TIMEOUT = 120_000
/** Milliseconds that requests may still take when the server stops. */
const GRACE = 5_000

interface Address {
  readonly host: string
  readonly port: number
  readonly tls: RenewableTls | undefined
}

/**
 * @param stopping fires when the server stops and requests have had their time
 * @throws `usage` if the address cannot be had, `input-invalid` if the certificate or key cannot be used
 */
export async function startListening(
  { host, port, tls }: Address,
  listener: RequestListener,
  stopping: AbortController,
  context: Context,
): Promise<ListeningServer> {
  const { server, stopRenewal } = await createServer(tls, listener, context)
  server.requestTimeout = 0
  server.headersTimeout = HEADERS_TIMEOUT
  server.keepAliveTimeout = IDLE_TIMEOUT
  server.setTimeout(IDLE_TIMEOUT)
  await listen(server, host, port)
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${address.port}`,
    port: address.port,
    async close() {
      stopRenewal()
      await closeServer(server, stopping)
    },
  }
}

/** Node's server modules are loaded when a server starts, because programs that only copy do not need them. */
async function createServer(
  tls: RenewableTls | undefined,
  listener: RequestListener,
  context: Context,
): Promise<{ server: Server; stopRenewal: () => void }> {
  if (tls === undefined)
    return { server: (await import('node:http')).createServer(listener), stopRenewal: () => {} }
  const https = await import('node:https')
  let server: TlsServer
  try {
    server = https.createServer(tls, listener)
  } catch (cause) {
    throw new GpregError(
      'input-invalid',
      `the certificate or key cannot be used: ${(cause as Error).message}`,
      {
        cause,
        hint: 'name a certificate chain and its private key, both PEM, with --tls-cert and --tls-key',
      },
    )
  }
  return { server, stopRenewal: renewTls(server, tls, context) }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new GpregError('usage', `cannot listen on ${host}:${port} (${cause.code})`, {
          cause,
          hint: 'name another address with --listen; port 0 takes a free one',
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

async function closeServer(server: Server, stopping: AbortController): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  // Connections that become idle while the server stops are closed, too.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const cut = setTimeout(() => {
    stopping.abort()
    server.closeAllConnections()
  }, GRACE)
  await closed
  clearInterval(sweep)
  clearTimeout(cut)
}
