import { readText } from '@gpreg/core'
import { GpregError, type RegistryServerOptions } from '@gpreg/oci'
import { Flags, type Interfaces } from '@oclif/core'
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
    description: 'certificate chain (PEM)',
  }),
  'tls-key': Flags.string({ helpValue: 'FILE', dependsOn: ['tls-cert'], description: 'private key (PEM)' }),
  htpasswd: Flags.string({
    helpValue: 'FILE',
    description: 'users and their bcrypt hashes, as htpasswd -B writes them',
  }),
  'read-only': Flags.boolean({ description: 'refuse to be written to' }),
  insecure: Flags.boolean({ description: 'allow writing from other hosts without TLS and htpasswd' }),
})

type ServerFlags = Interfaces.InferredFlags<typeof serverFlags>

/** @throws `input-unreadable` */
export async function serverOptions(flags: ServerFlags): Promise<RegistryServerOptions> {
  const [cert, key, htpasswd] = await Promise.all(
    [flags['tls-cert'], flags['tls-key'], flags.htpasswd].map(path =>
      path === undefined ? undefined : readText(path),
    ),
  )
  return defined({
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    htpasswd,
    readOnly: flags['read-only'],
    insecure: flags.insecure,
  })
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
