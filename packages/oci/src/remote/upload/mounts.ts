import type { Context } from '../../context.ts'
import { unlessAborted, type GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Call } from '../../store/content.ts'
import type { RepositoryApi } from '../repository-api.ts'
import { creating, type CreateRepository } from '../creation.ts'
import { isStored } from '../existence.ts'
import { FULL_DISK } from '../http/failure.ts'
import { askToMount, cancelUpload, sessionOf, startUpload, type UploadSession } from './upload-session.ts'

/** Statuses that concern the two repositories, not the registry as a whole. */
const OF_THE_PAIR: ReadonlySet<number | undefined> = new Set([401, 403, 404])

/** Bytes of a blob above which sending it again costs more than asking for it. */
const WORTH_ASKING = 64 * 1024

/**
 * Mounts blobs of one registry, and remembers what the registry refuses. A mount only saves time, so a refused one is never an
 * error: the blob is sent instead.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
 */
export class Mounts {
  readonly #context: Context
  readonly #pairs = new Set<string>()
  #isRefused = false
  /** What the registry does with a mount of a blob that it has from the repository itself. */
  #ofItself: 'unknown' | 'done' | 'ignored' | 'refused' = 'unknown'
  #isLearning = false
  #isTold = false

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Mounts a blob of another repository. If the registry starts an upload instead, that upload is cancelled.
   * @param create creates the repository, for a registry that wants that
   * @returns whether the blob was mounted
   */
  async mount(
    api: RepositoryApi,
    descriptor: Descriptor,
    from: string,
    call: Call,
    create?: CreateRepository,
  ): Promise<boolean> {
    const pair = `${from} ${api.name}`
    if (this.#isRefused || this.#pairs.has(pair)) return false
    try {
      const response = await creating(() => askToMount(api, descriptor, from, call), create)
      if (response.status === 201) return true
      await cancelUpload(api, sessionOf(api, response), call)
    } catch (thrown) {
      const error = answerOf(thrown)
      if (error.code === 'unreachable') return false
      if (OF_THE_PAIR.has(error.subject.status)) this.#pairs.add(pair)
      else this.#isRefused = true
      this.#tell(error)
    }
    return false
  }

  /**
   * Opens an upload unless the blob is stored already. A mount from the repository itself does both in one request, but a registry
   * that never mounts (crane's, and ECR by default) opens an upload in either case, so it is asked for the blob as well.
   */
  async startUnlessStored(
    api: RepositoryApi,
    descriptor: Descriptor,
    call: Call,
    create?: CreateRepository,
  ): Promise<UploadSession | undefined> {
    const answer = await this.#mountFromItself(api, descriptor, call, create)
    if (answer === 'stored') return undefined
    if (answer !== undefined && (this.#ofItself === 'done' || descriptor.size < WORTH_ASKING)) return answer
    if (!(await isStored(api, descriptor, call))) return answer ?? startUpload(api, call)
    if (answer !== undefined) await this.#ignored(api, answer, call)
    return undefined
  }

  /** Finds out, once for the registry, whether it mounts a blob that it certainly has from the repository itself. */
  async learnFrom(api: RepositoryApi, stored: Descriptor, call: Call): Promise<void> {
    if (this.#ofItself !== 'unknown' || this.#isLearning) return
    this.#isLearning = true
    const answer = await this.#mountFromItself(api, stored, call)
    if (answer !== undefined && answer !== 'stored') await this.#ignored(api, answer, call)
  }

  /** @returns the upload that the registry opened instead; undefined if it refuses, or ignores such mounts */
  async #mountFromItself(
    api: RepositoryApi,
    descriptor: Descriptor,
    call: Call,
    create?: CreateRepository,
  ): Promise<UploadSession | 'stored' | undefined> {
    if (this.#ofItself === 'refused' || this.#ofItself === 'ignored' || this.#pairs.has(api.name))
      return undefined
    try {
      const response = await creating(() => askToMount(api, descriptor, api.name, call), create)
      if (response.status !== 201) return sessionOf(api, response)
      this.#ofItself = 'done'
      return 'stored'
    } catch (thrown) {
      const error = answerOf(thrown)
      if (OF_THE_PAIR.has(error.subject.status)) this.#pairs.add(api.name)
      else if (error.code !== 'unreachable') this.#ofItself = 'refused'
      return undefined
    }
  }

  async #ignored(api: RepositoryApi, upload: UploadSession, call: Call): Promise<void> {
    this.#ofItself = 'ignored'
    await cancelUpload(api, upload, call)
  }

  #tell(error: GpregError): void {
    if (this.#isTold) return
    this.#isTold = true
    const message = `${error.subject.host} refused to mount a blob of another repository, so blobs are sent again instead: ${error.message}`
    this.#context.emit({ type: 'warning', code: 'mount-refused', message, subject: error.subject })
  }
}

/**
 * The answer that was no mount, or a connection that was dropped: some firewalls drop requests whose query they do not know.
 * Failures of the server and requests to wait have used up their tries by now.
 * @throws other errors without a response, and a full disk: the upload would meet them, too
 */
function answerOf(thrown: unknown): GpregError {
  const error = unlessAborted(thrown)
  const { status } = error.subject
  if (error.code === 'unreachable' || (status !== undefined && status !== FULL_DISK)) return error
  throw error
}
