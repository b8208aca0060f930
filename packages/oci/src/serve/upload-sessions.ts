import { isGpregError } from '../errors.ts'
import { isIngester, isUploadRemover, UPLOAD_AGE, type Ingest } from '../store/capabilities.ts'
import type { Repository } from '../store/content.ts'
import { ApiError } from './api-error.ts'
import { ClientQuota } from './client-quota.ts'

/** Each open upload is a file and a little memory. */
const MAX_OPEN = 10_000
const MAX_OPEN_PER_CLIENT = 64

/** Milliseconds without use after which an upload gives way to a new one of a client that has too many open. */
const SPARE = 5 * 60_000

/** Seconds after which a refused client may ask again. */
const RETRY_AFTER = '60'

interface Session {
  readonly ingest: Ingest
  readonly repository: string
  /** Address of the client that opened the upload. */
  readonly client: string
  /** A request is writing. Two writers of one upload would mix their bytes. */
  busy: boolean
  lastUsed: number
}

/**
 * The open uploads. They stay in memory, because an ingest that saw all bytes knows their hash. After a restart they are found again
 * in the store.
 */
export class UploadSessions {
  readonly #open = new Map<string, Session>()
  readonly #quota = new ClientQuota(MAX_OPEN_PER_CLIENT)
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws 429 if the client, or all clients together, have too many uploads open */
  async start(repository: Repository, client: string): Promise<Ingest> {
    await this.expire()
    if (this.#quota.isUsedUp(client)) await this.#discardSpare(client)
    if (this.#quota.isUsedUp(client) || this.#open.size >= MAX_OPEN)
      throw new ApiError(429, 'TOOMANYREQUESTS', 'too many uploads are open', { 'retry-after': RETRY_AFTER })
    // Counted before anything is awaited, because requests come in parallel.
    this.#quota.take(client)
    try {
      const ingest = isIngester(repository) ? await repository.ingest() : undefined
      if (ingest === undefined) throw new ApiError(405, 'UNSUPPORTED', 'this store takes no uploads')
      this.#open.set(ingest.id, this.#session(ingest, repository, client))
      return ingest
    } catch (error) {
      this.#quota.release(client)
      throw error
    }
  }

  /** Runs a request on the upload that it names, one at a time. */
  async use<T>(
    { client }: { readonly client: string },
    repository: Repository,
    id: string,
    work: (ingest: Ingest) => Promise<T>,
  ): Promise<T> {
    const session = await this.#find(repository, id, client)
    if (session.busy) throw new ApiError(409, 'BLOB_UPLOAD_INVALID', 'this upload is being written to')
    session.busy = true
    try {
      return await work(session.ingest)
    } catch (error) {
      // The upload is discarded, because on a full disk it takes the space that others need.
      if (isGpregError(error, 'storage')) await this.giveUp(session.ingest)
      throw error
    } finally {
      session.busy = false
      session.lastUsed = this.#now()
    }
  }

  async commit(ingest: Ingest, digest: Parameters<Ingest['commit']>[0]): Promise<void> {
    this.#forget(ingest)
    await ingest.commit(digest)
  }

  async giveUp(ingest: Ingest): Promise<void> {
    this.#forget(ingest)
    await ingest.discard()
  }

  /**
   * Discards the uploads that were not used for an hour.
   * @param store whose uploads of ended processes are removed, too
   */
  async expire(store?: object): Promise<void> {
    const deadline = this.#now() - UPLOAD_AGE
    for (const { ingest, busy, lastUsed } of this.#open.values()) {
      if (!busy && lastUsed < deadline) await this.giveUp(ingest)
    }
    if (store !== undefined && isUploadRemover(store))
      await store.removeUploads(deadline, new Set(this.#open.keys()))
  }

  async #discardSpare(client: string): Promise<void> {
    const deadline = this.#now() - SPARE
    const spare = [...this.#open.values()]
      .filter(each => each.client === client && !each.busy && each.lastUsed < deadline)
      .sort((a, b) => a.lastUsed - b.lastUsed)[0]
    if (spare !== undefined) await this.giveUp(spare.ingest)
  }

  async #find(repository: Repository, id: string, client: string): Promise<Session> {
    const known = this.#open.get(id)
    if (known?.repository === repository.name) return known
    const ingest = known === undefined && isIngester(repository) ? await repository.ingest(id) : undefined
    if (ingest === undefined)
      throw new ApiError(404, 'BLOB_UPLOAD_UNKNOWN', 'this upload is not known, or is finished')
    // Two requests may have searched in parallel; both use the session that was added first.
    const found = this.#open.get(id)
    if (found !== undefined) return found
    const session = this.#session(ingest, repository, client)
    this.#quota.take(client)
    this.#open.set(id, session)
    return session
  }

  #session(ingest: Ingest, { name }: Repository, client: string): Session {
    return { ingest, repository: name, client, busy: false, lastUsed: this.#now() }
  }

  #forget({ id }: Ingest): void {
    const session = this.#open.get(id)
    if (session !== undefined) this.#quota.release(session.client)
    this.#open.delete(id)
  }
}
