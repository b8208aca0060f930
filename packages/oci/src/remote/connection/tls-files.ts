import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { GpregError } from '../../errors.ts'
import { fileFault } from '../../machine/file-fault.ts'
import { decodeText } from '../../text.ts'
import type { Identity } from './host-certificates.ts'
import { certificatesIn, isCertificate } from './pem.ts'

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

/** The content of the files that the options name. */
export interface TlsFiles {
  /** PEM */
  authoritiesFor(host: string): string[]
  identityFor(host: string): Identity | undefined
  /** the CA files, for messages */
  placesFor(host: string): string[]
}

/** @throws `input-unreadable`, `input-invalid` for files that hold no certificate */
export async function readTlsFiles({ caFiles = [], clientCertificates = [] }: TlsOptions): Promise<TlsFiles> {
  const authorities = await Promise.all(
    caFiles.map(async ({ host, file }) => ({ host, file, certificates: await readCa(file) })),
  )
  const identities = await Promise.all(
    clientCertificates.map(async ({ host, certificate, key }) => ({
      host,
      identity: await readIdentity(certificate, key),
    })),
  )
  const filesFor = (host: string) =>
    authorities.filter(authority => authority.host === undefined || authority.host === host)
  return {
    authoritiesFor: host => filesFor(host).flatMap(({ certificates }) => certificates),
    placesFor: host => filesFor(host).map(({ file }) => file),
    identityFor: host => identities.find(candidate => candidate.host === host)?.identity,
  }
}

async function readCa(file: string): Promise<string[]> {
  const certificates = certificatesIn(await readPem(file)).filter(isCertificate)
  if (certificates.length > 0) return certificates
  throw new GpregError('input-invalid', `${file} holds no certificate`, {
    path: file,
    hint: 'a CA file is PEM: -----BEGIN CERTIFICATE-----',
  })
}

async function readIdentity(certificate: string, keyFile: string): Promise<Identity> {
  const [cert, key] = [await readPem(certificate), await readPem(keyFile)]
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new GpregError('input-invalid', `${certificate} is no client certificate with the key ${keyFile}`, {
      path: certificate,
      cause,
      hint: 'both are PEM, the key without a passphrase: -----BEGIN CERTIFICATE-----, -----BEGIN PRIVATE KEY-----',
    })
  }
  return { cert, key }
}

async function readPem(file: string): Promise<string> {
  try {
    return decodeText(await readFile(file))
  } catch (cause) {
    throw new GpregError('input-unreadable', `cannot read ${file}: ${fileFault(cause)}`, {
      path: file,
      cause,
      hint: 'check the path and that you may read it',
    })
  }
}
