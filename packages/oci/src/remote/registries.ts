import { setMaxListeners } from 'node:events'
import type { Context } from '../context.ts'
import type { Side } from '../errors.ts'
import { DOCKER_HUB, type Reference } from '../model/reference.ts'
import { once } from '../once.ts'
import { countRetries } from '../retry.ts'
import { RegistryClient, type Greeting } from './http/client.ts'
import { CloudCredentials, type Clouds } from './auth/login-credentials.ts'
import { openConnections, type TlsOptions } from './http/connections.ts'
import { loadCredentials, type Credentials } from './auth/credentials.ts'
import { HostBudget } from './http/host-budget.ts'
import { isRepositoryCreator } from './auth/login-source.ts'
import { RemoteRepository } from './repository.ts'
import { applySourceMirrors, type SourceMirror } from './source-mirrors.ts'
import { uploadJournal } from './upload/upload-journal.ts'

/** How registries are reached. Hosts are `host[:port]` as they stand in references. */
export interface RegistriesOptions extends TlsOptions {
  /** docker `config.json` or podman `auth.json`; default: searched as docker and podman do */
  readonly authFile?: string
  /** In place of what the files say. */
  readonly credentials?: Credentials
  /** Lets in to the registries of clouds, where no file knows a login, and makes repositories where they want it. */
  readonly clouds?: Clouds
  /** hosts spoken to by plain HTTP; loopback needs no entry */
  readonly plainHttp?: readonly string[]
  /** Read `prefix…` from elsewhere; the longest prefix wins, on a path boundary. Only for sources. */
  readonly sourceMirrors?: readonly SourceMirror[]
  /** blobs at once with one host; default as many as help, 16 at most */
  readonly concurrency?: number
  /** no byte for so long ends a request, in milliseconds; default 60 000 */
  readonly stallTimeout?: number
  /** Wait where a source has no pulls left (Docker Hub), rather than failing; default false. */
  readonly waitForQuota?: boolean
  /** where large uploads are noted, so that a run which is killed goes on; default none */
  readonly journal?: string
  /** where proxies, credential paths and CA files are looked up; default `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface OpenRepository {
  readonly repository: RemoteRepository
  /** Where it really is, after source mirrors: `host[:port]` */
  readonly host: string
}

/** The registries of one run: clients by host and side, with their credentials and connections. */
export interface Registries {
  readonly concurrency: number
  /**
   * The repository that a reference names. Sources are looked for through the source mirrors; `access` is what token servers
   * are asked for, by default write for targets and read for sources.
   */
  open(side: Side, reference: Reference, access?: 'read' | 'write'): OpenRepository
  /**
   * Asks whether the registry is there and takes the credentials.
   * @throws `unauthorized`, `unreachable`, …
   */
  ping(host: string): Promise<Greeting>
  /** Requests sent so far, and how many of them were second tries. */
  traffic(): { readonly requests: Readonly<Record<Side, number>>; readonly retries: number }
  /** What Docker Hub said last of the pulls that are left; null where it has not. */
  pullsLeft(): number | null
  /** Closes all connections. */
  close(): Promise<void>
}

const DEFAULT_CONCURRENCY = 16
const DEFAULT_STALL_TIMEOUT = 60_000

/** @throws `input-unreadable`, `input-invalid` for CA, certificate and credential files that cannot be used */
export async function createRegistries(options: RegistriesOptions, outer: Context): Promise<Registries> {
  const retries = countRetries(outer)
  const { context } = retries
  const env = options.env ?? process.env
  const stallTimeout = options.stallTimeout ?? DEFAULT_STALL_TIMEOUT
  const connections = await openConnections({ ...options, env, stallTimeout })
  const files = options.credentials ?? (await loadCredentials(options.authFile, env, context, stallTimeout))
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY
  const journal = options.journal === undefined ? undefined : uploadJournal(options.journal, context.now)
  const clients = new Map<string, RegistryClient>()
  const budgets = new Map<string, HostBudget>()
  // Every request of the run listens for the same abort.
  setMaxListeners(0, context.signal)

  const { clouds } = options

  const credentialsFor = (side: Side, host: string, base: URL): Credentials =>
    clouds === undefined ? files : new CloudCredentials({ host, side, files, clouds, base }, context)

  /** The same promise for all who push to the repository. */
  const created = new Map<string, Promise<void>>()
  const creatorFor = (host: string, name: string) => async () => {
    const access = await clouds?.(host, 'target')
    if (access === undefined || !isRepositoryCreator(access)) return
    const key = `${host}/${name}`
    return once(created, key, () => access.ensureRepository(name, context))
  }

  const budgetFor = (host: string): HostBudget => {
    const budget = budgets.get(host) ?? new HostBudget(concurrency, context.now)
    budgets.set(host, budget)
    return budget
  }

  const clientFor = (side: Side, host: string): RegistryClient => {
    const key = `${side} ${host}`
    const client =
      clients.get(key) ??
      new RegistryClient(
        {
          host,
          side,
          plainHttp: options.plainHttp ?? [],
          connections,
          budget: budgetFor(host),
          waitForQuota: options.waitForQuota ?? false,
          credentials: base => credentialsFor(side, host, base),
          stallTimeout,
        },
        context,
      )
    clients.set(key, client)
    return client
  }

  return {
    concurrency,
    open(side, reference, access = side === 'target' ? 'write' : 'read') {
      const { host, repository } =
        side === 'source' ? applySourceMirrors(reference, options.sourceMirrors ?? []) : reference
      return {
        host,
        repository: new RemoteRepository(
          {
            client: clientFor(side, host),
            name: repository,
            access,
            stallTimeout,
            journal,
            create: side === 'target' && clouds !== undefined ? creatorFor(host, repository) : undefined,
          },
          context,
        ),
      }
    },
    ping: host => clientFor('target', host).ping(),
    traffic() {
      const requests = { source: 0, target: 0 }
      for (const client of clients.values()) requests[client.side] += client.requests
      return { requests, retries: retries.count() }
    },
    pullsLeft: () => clients.get(`source ${DOCKER_HUB}`)?.quota.left ?? null,
    close: () => connections.close(),
  }
}
