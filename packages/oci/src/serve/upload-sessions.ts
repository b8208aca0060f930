import { isGpregError } from '../errors.ts'
import { isIngester, type Ingest } from '../store/capabilities.ts'
import type { Repository } from '../store/content.ts'
import { ApiError } from './api-error.ts'

/** Milliseconds after which an unused upload is discarded; its client has started over. */
const IDLE = 60 * 60_000

/** Each open upload is a file and a little memory. */
const MAX_OPEN = 10_000

interface Session {
  readonly ingest: Ingest
  readonly repository: string
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
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  async start(repository: Repository): Promise<Ingest> {
    await this.#collect()
    if (this.#open.size >= MAX_OPEN) throw new ApiError(429, 'TOOMANYREQUESTS', 'too many uploads are open')
    const ingest = isIngester(repository) ? await repository.ingest() : undefined
    if (ingest === undefined) throw new ApiError(405, 'UNSUPPORTED', 'this store takes no uploads')
    this.#add(ingest, repository)
    return ingest
  }

  /** Runs a request on the upload that it names, one at a time. */
  async use<T>(repository: Repository, id: string, work: (ingest: Ingest) => Promise<T>): Promise<T> {
    const session = await this.#find(repository, id)
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
    this.#open.delete(ingest.id)
    await ingest.commit(digest)
  }

  async giveUp(ingest: Ingest): Promise<void> {
    this.#open.delete(ingest.id)
    await ingest.discard()
  }

  async #find(repository: Repository, id: string): Promise<Session> {
    const known = this.#open.get(id)
    if (known?.repository === repository.name) return known
    const ingest = known === undefined && isIngester(repository) ? await repository.ingest(id) : undefined
    if (ingest === undefined)
      throw new ApiError(404, 'BLOB_UPLOAD_UNKNOWN', 'this upload is not known, or is finished')
    // Two requests may have searched in parallel; both use the session that was added first.
    return this.#open.get(id) ?? this.#add(ingest, repository)
  }

  #add(ingest: Ingest, { name }: Repository): Session {
    const session = { ingest, repository: name, busy: false, lastUsed: this.#now() }
    this.#open.set(ingest.id, session)
    return session
  }

  /** Discards unused uploads. It runs when a new upload starts, so that no timer is needed. */
  async #collect(): Promise<void> {
    const deadline = this.#now() - IDLE
    for (const { ingest, busy, lastUsed } of this.#open.values()) {
      if (!busy && lastUsed < deadline) await this.giveUp(ingest)
    }
  }
}
