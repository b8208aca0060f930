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

/**
 * Mounts blobs of one registry, and remembers what the registry refuses. A mount only saves time, so a refused one is never an
 * error: the blob is sent instead.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
 */
export class Mounts {
  readonly #context: Context
  readonly #pairs = new Set<string>()
  #isRefused = false
  #isRefusedFromItself = false
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
      await cancelUpload(api, sessionOf(api, response))
    } catch (thrown) {
      const error = answerOf(thrown)
      if (error.code === 'unreachable') return false
      if (OF_THE_PAIR.has(error.subject.status)) this.#pairs.add(pair)
      else this.#isRefused = true
      this.#tell(error)
    }
    return false
  }

  /** Opens an upload unless the blob is stored already: a mount from the repository itself does both in one request. */
  async startUnlessStored(
    api: RepositoryApi,
    descriptor: Descriptor,
    call: Call,
    create?: CreateRepository,
  ): Promise<UploadSession | undefined> {
    if (!this.#isRefusedFromItself && !this.#pairs.has(api.name)) {
      try {
        const response = await creating(() => askToMount(api, descriptor, api.name, call), create)
        return response.status === 201 ? undefined : sessionOf(api, response)
      } catch (thrown) {
        const error = answerOf(thrown)
        if (OF_THE_PAIR.has(error.subject.status)) this.#pairs.add(api.name)
        else if (error.code !== 'unreachable') this.#isRefusedFromItself = true
      }
    }
    return (await isStored(api, descriptor, call)) ? undefined : startUpload(api, call)
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
