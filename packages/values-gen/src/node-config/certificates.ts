import { X509Certificate } from 'node:crypto'
import { GpregError } from '@gpreg/oci'

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * The certificates in a PEM text, and nothing else: a private key beside them must not travel to every node.
 * @throws `input-invalid`
 */
export function certificatesOf(pem: string): string {
  const blocks = pem.match(BLOCK) ?? []
  try {
    if (blocks.length === 0) throw new SyntaxError('no certificate')
    for (const block of blocks) new X509Certificate(block)
  } catch (cause) {
    throw new GpregError('input-invalid', 'what should be certificate authorities is no PEM certificate', {
      cause,
      hint: 'the file of --ca-file is PEM: -----BEGIN CERTIFICATE-----',
    })
  }
  return `${blocks.join('\n')}\n`
}
