import { isRefusal, type GpregError } from '../../errors.ts'
import { quirksOf } from '../kind/quirks.ts'
import type { RepositoryApi } from '../repository-api.ts'
import { ChunkedUpload, lowerBodyLimit, type ChunkedBlob } from './chunked-upload.ts'
import { sendBody } from './upload-body.ts'
import { closing, failureOf, uploadKey, type UploadSession } from './upload-session.ts'

/** Bytes of a blob below which a broken upload starts over: sending it again costs less than asking how far it came. */
const WORTH_RESUMING = 1024 * 1024

/** Bytes of a blob from which it is sent in chunks that outlive the process. Below, starting over costs less than the chunks. */
const WORTH_KEEPING = 96 * 1024 * 1024

/** One blob on its way to a repository. */
export interface BlobUpload extends Omit<ChunkedBlob, 'journal'> {
  /** Starts the upload; undefined if the blob turns out to be there. */
  readonly open: () => Promise<UploadSession | undefined>
}

/**
 * Sends a blob as one streamed PUT, or, if it is large and there is a journal, in chunks that outlive the process. If the PUT
 * breaks, the upload continues in chunks from the offset that the registry tells; if the registry refuses a PUT with a body, or a
 * proxy a body of that size, the blob is sent in chunks from the start.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#post-then-put
 */
export async function uploadBlob(upload: BlobUpload): Promise<void> {
  const { api, descriptor, resources } = upload
  if (resources.journal !== undefined && descriptor.size >= WORTH_KEEPING && resumes(api)) {
    const location = await resources.journal.find(uploadKey(api, descriptor))
    if (location !== undefined || resources.hasRoom)
      return resources.keeping(() => keepUpload(upload, location))
  }
  const session = await upload.open()
  if (session === undefined) return
  if (api.client.wantsChunks) return new ChunkedUpload(upload).send(session, 0)
  const outcome = await sendAtOnce(upload, session)
  if (outcome === 'sent') return
  await new ChunkedUpload(upload).send(session)
  if (outcome === 'refused') api.client.wantsChunks = true
}

/** Sends a blob in chunks that the journal records. @param location of an upload to continue */
async function keepUpload(upload: BlobUpload, location: URL | undefined): Promise<void> {
  const chunked = new ChunkedUpload({ ...upload, journal: upload.resources.journal })
  if (location !== undefined) return chunked.send({ location, minimumChunk: 0 })
  const session = await upload.open()
  if (session !== undefined) await chunked.send(session, 0)
}

/** Sends a blob as one PUT. @returns `refused` or `broken` if the upload is to continue in chunks */
async function sendAtOnce(
  { api, descriptor: { digest, size }, content, signal, context }: BlobUpload,
  session: UploadSession,
): Promise<'sent' | 'refused' | 'broken'> {
  if (size > api.client.bodyLimit) return 'broken'
  const request = { method: 'PUT', url: closing(session.location, digest), expect: [201, 204] } as const
  const open = (abort: AbortSignal) => content.open({ offset: 0, signal: abort })
  try {
    await sendBody(api, request, { length: size, open }, signal, context)
    return 'sent'
  } catch (thrown) {
    const error = failureOf(api, thrown)
    if (error === undefined) throw thrown
    const refused = error.code === 'protocol' && isRefusal(error)
    if (!lowerBodyLimit(api.client, error, size) && !isWorthResuming(error, api, size) && !refused)
      throw error
    const operation = `upload of ${digest}, in chunks`
    context.emit({ type: 'retry', operation, attempt: 1, delay: 0, error })
    return refused && error.subject.status !== 413 ? 'refused' : 'broken'
  }
}

function isWorthResuming({ code }: GpregError, api: RepositoryApi, size: number): boolean {
  const broken = code === 'unreachable' || code === 'stalled' || code === 'server-error'
  return broken && size >= WORTH_RESUMING && resumes(api)
}

function resumes({ client }: RepositoryApi): boolean {
  return quirksOf(client.host).resumes
}
