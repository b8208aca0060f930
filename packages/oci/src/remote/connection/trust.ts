import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, getCACertificates } from 'node:tls'
import { GpregError } from '../../errors.ts'
import type { TlsEnd } from './proxy-agent.ts'

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

export interface TrustOptions extends TlsOptions {
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Says which certificates are trusted and shown. */
export interface Trust {
  tlsTo(host: string): Promise<TlsEnd>
}

/** @throws `input-unreadable`, `input-invalid` for files that hold no certificate */
export async function openTrust(options: TrustOptions): Promise<Trust> {
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

  return {
    async tlsTo(host) {
      const own = authorities
        .filter(authority => authority.host === undefined || authority.host === host)
        .map(({ pem }) => pem)
      const identity = identities.find(candidate => candidate.host === host)
      return {
        secureContext: createSecureContext({
          ...(own.length + systemCa.length > 0
            ? { ca: [...getCACertificates('default'), ...systemCa, ...own] }
            : {}),
          ...(identity ? { cert: identity.cert, key: identity.key } : {}),
        }),
        ...(options.insecureSkipTlsVerify?.includes(host) ? { rejectUnauthorized: false } : {}),
      }
    },
  }
}
/** Authorities from SSL_CERT_FILE. Node reads it only with --use-openssl-ca, but users of curl, Go and Python expect it. */
async function extraSystemCa(env: TrustOptions['env']): Promise<string[]> {
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
