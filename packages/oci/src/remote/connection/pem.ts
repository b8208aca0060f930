import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificates in a PEM text, one by one. Whatever else is there is passed over, as Go does. */
export function certificatesIn(text: string): string[] {
  return text.match(CERTIFICATE) ?? []
}

/** Reads the certificates of a file. @throws errors of the file system */
export async function readCertificates(path: string): Promise<string[]> {
  return certificatesIn(await readFile(path, 'utf8'))
}

export function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}

/** Keeps one of each certificate, because stores overlap and TLS takes long to read each. Line lengths make no difference. */
export function distinct(certificates: readonly string[]): string[] {
  return [...new Map(certificates.map(pem => [pem.replace(/\s+/g, ''), pem])).values()]
}
