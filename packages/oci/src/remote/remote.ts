import { contextOf, type ProgressOptions } from '../operation.ts'
import { formatReference, parseReference, tagOrDigest } from '../model/reference.ts'
import type { Artifact } from '../store/artifact.ts'
import type { Greeting } from './http/client.ts'
import { createRegistries, type Registries, type RegistriesOptions } from './registries.ts'
import type { RemoteRepository } from './repository.ts'

export type RemoteOptions = RegistriesOptions & ProgressOptions

/** All registries. Connections, logins and tokens of one registry are shared by all requests to it. */
export class Remote implements AsyncDisposable {
  readonly #registries: Registries

  constructor(registries: Registries) {
    this.#registries = registries
  }

  /**
   * The artifact behind a reference, read as Docker reads it: `redis` is `docker.io/library/redis:latest`. No request is sent.
   * @throws `reference-invalid`
   */
  artifact(reference: string): Artifact<RemoteRepository> {
    const parsed = parseReference(reference)
    const [source, target] = [
      this.#registries.open('source', parsed),
      this.#registries.open('target', parsed),
    ]
    return {
      name: formatReference(parsed),
      reference: tagOrDigest(parsed),
      source: { store: source.host, repository: source.repository },
      target: { store: target.host, repository: target.repository },
    }
  }

  /**
   * Checks that a registry is there and takes the credentials.
   * @param host `host[:port]`
   * @throws `unauthorized`, `unreachable`, `tls-untrusted`
   */
  ping(host: string): Promise<Greeting> {
    return this.#registries.ping(host)
  }

  /** Closes all connections. Calls that are under way, and later ones, end with `aborted`. */
  close(): Promise<void> {
    return this.#registries.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Opens registries with the logins of docker and podman, the proxies of the environment and the certificate authorities of the
 * system. No request is sent yet.
 * @throws `usage` for a proxy that cannot be used, `input-unreadable`, `input-invalid` for files that cannot be used
 */
export async function openRemote(options: RemoteOptions = {}): Promise<Remote> {
  return new Remote(await createRegistries(options, contextOf(options)))
}
