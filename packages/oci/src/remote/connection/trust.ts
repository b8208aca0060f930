import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { Context } from '../../context.ts'
import { hostDirectories, readHostCertificates, type HostCertificates } from './host-certificates.ts'
import { distinct } from './pem.ts'
import type { TlsEnd } from './proxy-agent.ts'
import { readSystemStore, type SystemStore } from './system-store.ts'
import { readTlsFiles, type TlsFiles, type TlsOptions } from './tls-files.ts'

export interface TrustOptions extends TlsOptions {
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The TLS of one host. */
export interface HostTrust {
  readonly tls: TlsEnd
  /** Where authorities were looked for, for messages. */
  readonly places: readonly string[]
}

/**
 * Which certificates are trusted and shown: those of options, of the system and of docker's and podman's directories. The last two are
 * read at the first connection with TLS, because a run without TLS has no use for hundreds of files.
 */
export class Trust {
  readonly #options: TrustOptions
  readonly #files: TlsFiles
  readonly #context: Pick<Context, 'emit'>
  #system: Promise<SystemStore> | undefined
  /** The certificates of all hosts that have none of their own: to make this takes long. */
  #common: SecureContext | undefined

  private constructor(options: TrustOptions, files: TlsFiles, context: Pick<Context, 'emit'>) {
    this.#options = options
    this.#files = files
    this.#context = context
  }

  /** @throws `input-unreadable`, `input-invalid` for files of the options that cannot be used */
  static async open(options: TrustOptions, context: Pick<Context, 'emit'>): Promise<Trust> {
    return new Trust(options, await readTlsFiles(options), context)
  }

  /** @param host `host[:port]` */
  async of(host: string): Promise<HostTrust> {
    const { env, insecureSkipTlsVerify = [] } = this.#options
    const [system, found] = await Promise.all([
      (this.#system ??= readSystemStore(env)),
      readHostCertificates(host, hostDirectories(env), (path, why) => this.#passOver(host, path, why)),
    ])
    const extra = env['NODE_EXTRA_CA_CERTS']
    return {
      tls: {
        secureContext: this.#contextFor(host, system, found),
        ...(insecureSkipTlsVerify.includes(host) ? { rejectUnauthorized: false } : {}),
      },
      places: [
        ...(extra ? [`NODE_EXTRA_CA_CERTS=${extra}`] : []),
        ...this.#files.placesFor(host),
        ...system.places,
        ...found.places,
      ],
    }
  }

  #contextFor(host: string, { authorities }: SystemStore, found: HostCertificates): SecureContext {
    const own = [...this.#files.authoritiesFor(host), ...found.authorities]
    const identity = this.#files.identityFor(host) ?? found.identity
    if (own.length === 0 && identity === undefined) return (this.#common ??= contextOf(authorities))
    return contextOf([...authorities, ...own], identity)
  }

  #passOver(host: string, path: string, why: string): void {
    const message = `${path} was passed over: ${why}`
    this.#context.emit({ type: 'warning', code: 'certificate-skipped', message, subject: { host, path } })
  }
}

/** The authorities of Node are always trusted, too: a container without a store reaches public registries by them. */
function contextOf(authorities: readonly string[], identity = {}): SecureContext {
  const known = distinct(getCACertificates('default'))
  const all = distinct([...known, ...authorities])
  // Without `ca`, TLS uses authorities that Node has read already.
  return createSecureContext({ ...identity, ...(all.length > known.length ? { ca: all } : {}) })
}
