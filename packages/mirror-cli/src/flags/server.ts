import { readText } from '@gpreg/core'
import { GpregError, type RegistryServerOptions } from '@gpreg/oci'
import { Flags, type Interfaces } from '../oclif.ts'
import { defined } from './defined.ts'
import { withEnvironment } from './environment.ts'

/** The flags of `gpreg serve`. */
export const serverFlags = withEnvironment({
  listen: Flags.string({
    default: '127.0.0.1:5000',
    helpValue: 'HOST:PORT',
    description: 'where to listen; port 0 takes a free one',
  }),
  'tls-cert': Flags.string({
    helpValue: 'FILE',
    dependsOn: ['tls-key'],
    description: 'certificate chain (PEM); read again when it changes',
  }),
  'tls-key': Flags.string({
    helpValue: 'FILE',
    dependsOn: ['tls-cert'],
    description: 'private key (PEM); read again when it changes',
  }),
  htpasswd: Flags.string({
    helpValue: 'FILE',
    description: 'users and their bcrypt hashes, as htpasswd -B writes them',
  }),
  'read-only': Flags.boolean({ description: 'refuse to be written to, and write nothing' }),
  gc: Flags.boolean({
    exclusive: ['listen', 'tls-cert', 'htpasswd', 'read-only', 'insecure', 'key'],
    description:
      'serve nothing: remove from the directory what nothing in it reaches, while no server and no copy uses it',
  }),
  'dry-run': Flags.boolean({ dependsOn: ['gc'], description: 'with --gc, only say what would be removed' }),
  insecure: Flags.boolean({ description: 'allow writing from other hosts without TLS and htpasswd' }),
})

type ServerFlags = Interfaces.InferredFlags<typeof serverFlags>

/** @throws `input-unreadable` */
export async function serverOptions(flags: ServerFlags): Promise<RegistryServerOptions> {
  const { 'tls-cert': certFile, 'tls-key': keyFile, htpasswd } = flags
  return defined({
    tls: certFile === undefined || keyFile === undefined ? undefined : await tlsFrom(certFile, keyFile),
    htpasswd: htpasswd === undefined ? undefined : await readText(htpasswd),
    readOnly: flags['read-only'],
    insecure: flags.insecure,
  })
}

/** Certificate and key from their files, which are read again when the server asks. */
async function tlsFrom(certFile: string, keyFile: string) {
  const renew = async () => ({ cert: await readText(certFile), key: await readText(keyFile) })
  return { ...(await renew()), renew }
}

/**
 * Reads `--listen`: `127.0.0.1:5000`, `[::1]:5000`, `:5000` for all addresses.
 * @throws `usage`
 */
export function parseListen(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):([0-9]+)$/.exec(text) ?? []
  const port = Number(digits)
  if (digits !== undefined && port <= 65_535) return { host: (bracketed ?? plain) || '::', port }
  throw new GpregError('usage', `cannot listen on ${JSON.stringify(text)}`, {
    hint: 'write HOST:PORT, e.g. 127.0.0.1:5000',
  })
}
