import { setMaxListeners } from 'node:events'
import type { Context } from '../context.ts'
import { GpregError, type Side } from '../errors.ts'
import { DOCKER_HUB, isBelow, type Reference, type RegistryPrefix } from '../model/reference.ts'
import { renewOnce } from '../once.ts'
import { countRetries } from '../retry.ts'
import type { Call } from '../store/content.ts'
import { credentialsOfProgram, loadCredentials, type Credentials } from './auth/credentials.ts'
import { LoginCredentials, type Clouds } from './auth/login-credentials.ts'
import { isRepositoryCreator } from './auth/login-source.ts'
import type { TlsOptions } from './connection/tls-files.ts'
import { RegistryClient, type Greeting } from './http/client.ts'
import { openConnections, type Connections } from './connection/connections.ts'
import { isLoopback } from './connection/endpoint.ts'
import { HostBudget } from './http/host-budget.ts'
import { HostPause } from './http/host-pause.ts'
import { listRepositories } from './lists.ts'
import { Referrers } from './referrers.ts'
import { RepositoryApi } from './repository-api.ts'
import { RemoteRepository, type RegistryParts } from './repository.ts'
import { applySourceMirrors, type SourceMirror } from './source-mirrors.ts'
import { Mounts } from './upload/mounts.ts'
import { uploadJournal, type UploadJournal } from './upload/upload-journal.ts'
import { UploadResources } from './upload/upload-resources.ts'

/** How registries are reached. Hosts are `host[:port]` as they stand in references. */
export interface RegistriesOptions extends TlsOptions {
  /** docker `config.json` or podman `auth.json`; default: searched as docker and podman do */
  readonly authFile?: string
  /** Is read instead of `authFile` for sources. */
  readonly sourceAuthFile?: string
  /** Is read instead of `authFile` for targets. */
  readonly targetAuthFile?: string
  /** Replaces the credentials of the files. */
  readonly credentials?: Credentials
  /** Logins for registries of clouds that no file has a login for, and the creation of their repositories. */
  readonly clouds?: Clouds
  /** hosts spoken to by plain HTTP; loopback needs no entry */
  readonly plainHttp?: readonly string[]
  /** Sources with this prefix are read from another one; the longest prefix wins, on a path boundary. */
  readonly sourceMirrors?: readonly SourceMirror[]
  /** blobs at once with one host; default as many as help, 16 at most */
  readonly concurrency?: number
  /** milliseconds without a byte that end a request; default 60 000 */
  readonly stallTimeout?: number
  /** Milliseconds of the longest pause that a host may ask for by `Retry-After`; default 15 minutes */
  readonly maxWait?: number
  /** When a source has no pulls left (Docker Hub), waits for more instead of failing; default false. */
  readonly waitForQuota?: boolean
  /** Directory that records large uploads, so that a killed run continues them; default none. */
  readonly journal?: string
  /** Variables for proxies, credential paths and CA files; default `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface OpenRepository {
  readonly repository: RemoteRepository
  /** `host[:port]` of the repository, after source mirrors */
  readonly host: string
}

/** The registries of one run: clients by host and side, with their credentials and connections. */
export interface Registries {
  readonly concurrency: number
  /**
   * Opens the repository of a reference. Source mirrors apply to sources.
   * @param access rights asked of token servers; default write for targets and read for sources
   */
  open(side: Side, reference: Reference, access?: 'read' | 'write'): OpenRepository
  /**
   * Checks that the registry is there and takes the credentials.
   * @throws `unauthorized`, `unreachable`, …
   */
  ping(host: string): Promise<Greeting>
  /**
   * Names of the repositories below a prefix of a target, as the registry's catalogue has them; those without a tag may be among them.
   * @throws `unauthorized`, `forbidden`, `not-found`, … if the registry does not give its catalogue
   */
  repositories(prefix: RegistryPrefix, call?: Call): AsyncIterable<string>
  /** Requests sent so far, in all and by host, and how many of them were retries. */
  traffic(): Traffic
  /**
   * Forgets what failures have taught, such as hosts that are down and logins that are refused, and reads the files of credentials
   * again: for a process that tries again much later. Connections stay, and so do the pauses that hosts asked for.
   * @throws as {@link createRegistries}
   */
  renew(): Promise<void>
  /** The pulls left by the last response of Docker Hub; null if it has not said. */
  pullsLeft(): number | null
  /** Closes all connections. Calls that are under way, and later ones, end with `aborted`. */
  close(): Promise<void>
}

export interface Traffic {
  readonly requests: Readonly<Record<Side, number>>
  readonly hosts: readonly { readonly side: Side; readonly host: string; readonly requests: number }[]
  readonly retries: number
}

const DEFAULT_CONCURRENCY = 16
const DEFAULT_STALL_TIMEOUT = 60_000
const DEFAULT_MAX_WAIT = 15 * 60_000

/** @throws `usage` for a proxy of the environment, `input-unreadable`, `input-invalid` for CA, certificate and credential files that cannot be used */
export async function createRegistries(options: RegistriesOptions, outer: Context): Promise<Registries> {
  const closing = new AbortController()
  const retries = countRetries({ ...outer, signal: AbortSignal.any([outer.signal, closing.signal]) })
  const { context } = retries
  const env = options.env ?? process.env
  const stallTimeout = options.stallTimeout ?? DEFAULT_STALL_TIMEOUT
  const connections = await openConnections({ ...options, env, stallTimeout }, context)
  const readFiles = () =>
    credentialsBySide(options, file => loadCredentials(file, env, context, stallTimeout))
  const journal = options.journal === undefined ? undefined : uploadJournal(options.journal, context)
  // Every request of the run listens for the same abort.
  setMaxListeners(0, context.signal)
  const shared = { stallTimeout, connections, closing, journal, retries: retries.count }
  return new RunRegistries({ ...options, ...shared, readFiles }, await readFiles(), context)
}

/** The credentials of each side. A file for both sides is read once. */
async function credentialsBySide(
  { credentials, authFile, sourceAuthFile = authFile, targetAuthFile = authFile }: RegistriesOptions,
  load: (file: string | undefined) => Promise<Credentials>,
): Promise<Files> {
  if (credentials !== undefined) {
    const own = credentialsOfProgram(credentials)
    return { source: own, target: own }
  }
  const source = await load(sourceAuthFile)
  return { source, target: targetAuthFile === sourceAuthFile ? source : await load(targetAuthFile) }
}

type Files = Readonly<Record<Side, Credentials>>

interface RunOptions extends Omit<RegistriesOptions, 'journal'> {
  readonly stallTimeout: number
  readonly connections: Connections
  /** Ends what is under way when the registries are closed. */
  readonly closing: AbortController
  readFiles(): Promise<Files>
  readonly journal: UploadJournal | undefined
  /** Retries of the run so far. */
  readonly retries: () => number
}

/** One registry, for one side of a copy. */
interface Registry {
  readonly client: RegistryClient
  readonly parts: RegistryParts
}

class RunRegistries implements Registries {
  readonly concurrency: number
  readonly #options: RunOptions
  readonly #context: Context
  readonly #uploads: UploadResources
  #files: Files
  /** Requests of the time before the last renewal; by `side host`. */
  readonly #earlier = new Map<string, number>()
  /** by `side host` */
  readonly #registries = new Map<string, Registry>()
  /** by host */
  readonly #budgets = new Map<string, HostBudget>()
  /** by host */
  readonly #pauses = new Map<string, HostPause>()
  /** Repositories that are being created or were created; by `host/name`. */
  readonly #created = new Map<string, Promise<void>>()

  constructor(options: RunOptions, files: Files, context: Context) {
    this.concurrency = options.concurrency ?? DEFAULT_CONCURRENCY
    this.#options = options
    this.#files = files
    this.#context = context
    this.#uploads = new UploadResources(options.journal)
  }

  open(
    side: Side,
    reference: Reference,
    access: 'read' | 'write' = side === 'target' ? 'write' : 'read',
  ): OpenRepository {
    const { sourceMirrors = [] } = this.#options
    const { host, repository: name } =
      side === 'source' ? applySourceMirrors(reference, sourceMirrors) : reference
    const { client, parts } = this.#registry(side, host)
    return { host, repository: new RemoteRepository(new RepositoryApi(client, name, access), parts) }
  }

  ping(host: string): Promise<Greeting> {
    return this.#registry('target', host).client.ping()
  }

  async *repositories(prefix: RegistryPrefix, call: Call = {}): AsyncGenerator<string> {
    const { host, path } = prefix
    for await (const repository of listRepositories(this.#registry('target', host).client, path, call))
      if (isBelow(prefix, { host, repository })) yield repository
  }

  traffic(): Traffic {
    const hosts = [...this.#requests()].map(([key, requests]) => {
      const [side, host = ''] = key.split(' ') as [Side, string?]
      return { side, host, requests }
    })
    const of = (side: Side) => hosts.reduce((sum, each) => sum + (each.side === side ? each.requests : 0), 0)
    return {
      requests: { source: of('source'), target: of('target') },
      hosts,
      retries: this.#options.retries(),
    }
  }

  async renew(): Promise<void> {
    this.#files = await this.#options.readFiles()
    for (const [key, requests] of this.#requests()) this.#earlier.set(key, requests)
    this.#registries.clear()
    this.#created.clear()
  }

  #requests(): Map<string, number> {
    const all = new Map(this.#earlier)
    for (const [key, { client }] of this.#registries) all.set(key, (all.get(key) ?? 0) + client.requests)
    return all
  }

  pullsLeft(): number | null {
    return this.#registries.get(`source ${DOCKER_HUB}`)?.client.quota.left ?? null
  }

  close(): Promise<void> {
    const { closing, connections } = this.#options
    closing.abort(new GpregError('aborted', 'the connections to registries were closed'))
    return connections.close()
  }

  #registry(side: Side, host: string): Registry {
    const key = `${side} ${host}`
    const registry = this.#registries.get(key) ?? this.#openRegistry(side, host)
    this.#registries.set(key, registry)
    return registry
  }

  #openRegistry(side: Side, host: string): Registry {
    const { clouds, connections, stallTimeout, plainHttp = [], waitForQuota = false } = this.#options
    const { maxWait = DEFAULT_MAX_WAIT } = this.#options
    const budget = this.#budgets.get(host) ?? new HostBudget(this.concurrency, this.#context)
    this.#budgets.set(host, budget)
    const longest = waitForQuota ? Infinity : maxWait
    const pause = this.#pauses.get(host) ?? new HostPause({ host, longest }, this.#context)
    this.#pauses.set(host, pause)
    const credentials = this.#credentials(side, host)
    const shared = { plainHttp, connections, budget, pause }
    const options = { ...shared, host, side, waitForQuota, credentials, stallTimeout }
    const context = this.#context
    const create =
      side === 'target' && clouds !== undefined
        ? (name: string) => this.#create(clouds, host, name)
        : undefined
    const parts = {
      referrers: new Referrers(context),
      mounts: new Mounts(context),
      uploads: this.#uploads,
      create,
      context,
    }
    return { client: new RegistryClient(options, context), parts }
  }

  #credentials(side: Side, host: string): Credentials {
    const { clouds, plainHttp = [] } = this.#options
    const files = this.#files[side]
    if (clouds === undefined) return files
    const isReadableOnTheWay = plainHttp.includes(host) && !isLoopback(new URL(`http://${host}`).hostname)
    return new LoginCredentials({ host, side, files, clouds, isReadableOnTheWay }, this.#context)
  }

  /** Creates a repository, once for all pushes to it, if its registry wants that. */
  async #create(clouds: Clouds, host: string, name: string): Promise<void> {
    const source = await clouds(host, 'target')
    if (source === undefined || !isRepositoryCreator(source)) return
    return renewOnce(this.#created, `${host}/${name}`, () => source.ensureRepository(name, this.#context))
  }
}
