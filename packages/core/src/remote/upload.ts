import type { Context } from '../context.ts'
import type { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Call, Content } from '../store/content.ts'
import { ChunkedUpload, lowerBodyLimit } from './chunked-upload.ts'
import { quirksOf } from './quirks.ts'
import { sendBody } from './upload-body.ts'
import {
  cancelUpload,
  closing,
  failureOf,
  locationOf,
  startUpload,
  uploadKey,
  type UploadTarget,
} from './upload-session.ts'

/** A blob below this is sooner sent again than asked after. */
const WORTH_RESUMING = 1024 * 1024

/**
 * Asks for a mount of another repository's blob. Where the registry starts an upload instead, that upload is given up.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
 */
export async function mountBlob(
  target: UploadTarget,
  descriptor: Descriptor,
  from: string,
  call: Call,
): Promise<boolean> {
  const { client, repository, scopes } = target
  const query = new URLSearchParams({ mount: descriptor.digest, from })
  const response = await client.request({
    method: 'POST',
    target: `${repository}/blobs/uploads/?${query}`,
    scopes: [...scopes, { repository: from, actions: 'pull' }],
    expect: [201, 202],
    headers: { 'content-length': '0' },
    signal: call.signal,
  })
  await response.body.dump()
  if (response.status === 201) return true
  await cancelUpload(target, { location: locationOf(target, response), minimumChunk: 0 })
  return false
}

/** A blob from this size on is sent in chunks that outlive the process, bytes. Below, starting over costs less than the chunks. */
const WORTH_KEEPING = 96 * 1024 * 1024

/** So many uploads are kept at once, since each holds memory: the largest ones, which are sent first. */
const MOST_KEPT = 4
let keptNow = 0

/**
 * Sends a blob as one streamed PUT; a large one, where there is a journal, in chunks that it keeps. Where that breaks, it goes on
 * in chunks from the byte that the registry says it has; where a proxy takes no body of that size, in chunks from the start.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#post-then-put
 */
export async function uploadBlob(
  target: UploadTarget,
  descriptor: Descriptor,
  content: Content,
  call: Call,
  context: Context,
): Promise<void> {
  const { digest, size } = descriptor
  const signal = call.signal ?? context.signal
  const { journal } = target
  if (journal !== undefined && size >= WORTH_KEEPING && quirksOf(target.client.host).resumes) {
    const location = await journal.find(uploadKey(target, descriptor))
    if (location !== undefined || keptNow < MOST_KEPT) {
      const upload = new ChunkedUpload({ target, descriptor, content, signal, context, journal })
      keptNow++
      try {
        return await (location === undefined
          ? upload.send(await startUpload(target, call), 0)
          : upload.send({ location, minimumChunk: 0 }))
      } finally {
        keptNow--
      }
    }
  }
  const session = await startUpload(target, call)
  if (size <= target.client.bodyLimit) {
    try {
      const request = {
        method: 'PUT',
        target: closing(session.location, digest),
        expect: [201, 204],
      } as const
      const open = (abort: AbortSignal) => content.open({ offset: 0, signal: abort })
      await sendBody(target, request, { length: size, open }, signal)
      return
    } catch (thrown) {
      const error = failureOf(target, thrown)
      if (error === undefined) throw thrown
      if (!lowerBodyLimit(target.client, error, size) && !isWorthResuming(error, target, size)) throw error
      const operation = `upload of ${digest}, in chunks`
      context.emit({ type: 'retry', operation, attempt: 1, delay: 0, error })
    }
  }
  await new ChunkedUpload({ target, descriptor, content, signal, context }).send(session)
}

function isWorthResuming({ code }: GpregError, { client }: UploadTarget, size: number): boolean {
  const broken = code === 'unreachable' || code === 'stalled' || code === 'server-error'
  return broken && size >= WORTH_RESUMING && quirksOf(client.host).resumes
}
