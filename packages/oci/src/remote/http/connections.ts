import { readFile } from 'node:fs/promises'
import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { GpregError } from '../../errors.ts'

/** Certificate authorities and client certificates. Hosts are `host[:port]` as they stand in references. */
export interface TlsOptions {
  /** PEM files with certificate authorities, for one host or for all */
  readonly caFiles?: readonly { readonly host?: string; readonly file: string }[]
  /** PEM client certificates by host */
  readonly clientCertificates?: readonly {
    readonly host: string
    readonly certificate: string
    readonly key: string
  }[]
  /** hosts whose certificate is not checked */
  readonly insecureSkipTlsVerify?: readonly string[]
}

export interface ConnectionOptions extends TlsOptions {
  /** milliseconds */
  readonly stallTimeout: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** milliseconds to connect, TLS included */
const CONNECT_TIMEOUT = 20_000

/** Connections by host, each with its own authorities and client certificate, through the proxies of the environment. */
export interface Connections {
  to(host: string): Dispatcher
  close(): Promise<void>
}

/** @throws `input-unreadable`, `input-invalid` for files that hold no certificate */
export async function openConnections(options: ConnectionOptions): Promise<Connections> {
  const authorities = await Promise.all(
    (options.caFiles ?? []).map(async ({ host, file }) => ({ host, pem: await readCa(file) })),
  )
  const identities = await Promise.all(
    (options.clientCertificates ?? []).map(async ({ host, certificate, key }) => ({
      host,
      cert: await readPem(certificate),
      key: await readPem(key),
    })),
  )
  const systemCa = await extraSystemCa(options.env)
  const dispatchers = new Map<string, Dispatcher>()

  const open = (host: string): Dispatcher => {
    const own = authorities
      .filter(authority => authority.host === undefined || authority.host === host)
      .map(({ pem }) => pem)
    const identity = identities.find(candidate => candidate.host === host)
    const tls = {
      ...(own.length + systemCa.length > 0
        ? { ca: [...getCACertificates('default'), ...systemCa, ...own] }
        : {}),
      ...(identity ? { cert: identity.cert, key: identity.key } : {}),
      ...(options.insecureSkipTlsVerify?.includes(host) ? { rejectUnauthorized: false } : {}),
    }
    return new EnvHttpProxyAgent({
      ...proxies(options.env),
      connect: { timeout: CONNECT_TIMEOUT, ...tls },
      requestTls: tls,
      bodyTimeout: options.stallTimeout,
      headersTimeout: options.stallTimeout,
      // HTTP/1.1, one connection for each stream: with HTTP/2 one lost packet would stall all layers of a host.
      allowH2: false,
      keepAliveTimeout: 30_000,
    })
  }

  return {
    to(host) {
      const dispatcher = dispatchers.get(host) ?? open(host)
      dispatchers.set(host, dispatcher)
      return dispatcher
    },
    async close() {
      await Promise.all([...dispatchers.values()].map(dispatcher => dispatcher.destroy()))
    },
  }
}

/** Proxies, read as curl and Go read them. Loopback is never reached through a proxy. */
function proxies(env: ConnectionOptions['env']): { httpProxy: string; httpsProxy: string; noProxy: string } {
  const pick = (name: string) => env[name.toLowerCase()] ?? env[name] ?? ''
  return {
    httpProxy: pick('HTTP_PROXY'),
    httpsProxy: pick('HTTPS_PROXY'),
    noProxy: ['localhost', '127.0.0.1', '::1', pick('NO_PROXY')].filter(Boolean).join(','),
  }
}

/** Authorities from SSL_CERT_FILE. Node reads it only with --use-openssl-ca, but users of curl, Go and Python expect it. */
async function extraSystemCa(env: ConnectionOptions['env']): Promise<string[]> {
  const file = env['SSL_CERT_FILE']
  return file ? [await readCa(file)] : []
}

async function readCa(file: string): Promise<string> {
  const pem = await readPem(file)
  try {
    new X509Certificate(pem)
  } catch (cause) {
    throw new GpregError('input-invalid', `${file} holds no certificate`, {
      path: file,
      cause,
      hint: 'a CA file is PEM: -----BEGIN CERTIFICATE-----',
    })
  }
  return pem
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new GpregError('input-unreadable', `cannot read ${file}`, {
      path: file,
      cause,
      hint: 'check the path and that you may read it',
    })
  }
}
