import type { Context } from '../../context.ts'
import type { GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Call, Content, PushCall } from '../../store/content.ts'
import { ChunkedUpload, lowerBodyLimit } from './chunked-upload.ts'
import { quirksOf } from '../quirks.ts'
import { sendBody } from './upload-body.ts'
import {
  askToMount,
  cancelUpload,
  closing,
  failureOf,
  sessionOf,
  startUnlessStored,
  startUpload,
  uploadKey,
  type UploadSession,
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
  const response = await askToMount(target, descriptor, from, call, [201, 202])
  if (response.status === 201) return true
  await cancelUpload(target, sessionOf(target, response))
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
  call: PushCall,
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
        if (location !== undefined) return await upload.send({ location, minimumChunk: 0 })
        const session = await openUpload(target, descriptor, call)
        return await (session && upload.send(session, 0))
      } finally {
        keptNow--
      }
    }
  }
  const session = await openUpload(target, descriptor, call)
  if (session === undefined) return
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

/** Undefined where nobody asked for the blob so far and it is there. */
function openUpload(
  target: UploadTarget,
  descriptor: Descriptor,
  call: PushCall,
): Promise<UploadSession | undefined> {
  return call.unasked === true ? startUnlessStored(target, descriptor, call) : startUpload(target, call)
}

function isWorthResuming({ code }: GpregError, { client }: UploadTarget, size: number): boolean {
  const broken = code === 'unreachable' || code === 'stalled' || code === 'server-error'
  return broken && size >= WORTH_RESUMING && quirksOf(client.host).resumes
}
