import { isGpregError } from '../errors.ts'
import type { EventSink } from '../events.ts'
import type { Digest } from '../model/digest.ts'
import type { UnverifiedContent } from './capabilities.ts'
import type { ByteStream, Content, FetchCall } from './content.ts'
import { openUnverified } from './stored-content.ts'

/** The content of a blob, which counts what is read of it. */
export interface CountedContent {
  readonly content: Content & UnverifiedContent
  /** bytes read so far */
  sent(): number
  /** Whether it was read at all. */
  wasRead(): boolean
}

/** What happens while content is read. */
interface ReadHooks {
  /** Called before the first byte, each time the content is opened. */
  onOpen?(): void
  /** Awaited for every chunk before it is handed on. @param end offset of the first byte behind it */
  onChunk?(bytes: number, end: number, call: FetchCall): Promise<void>
}

/**
 * Content that reports progress. Opened again at an earlier offset, it reports the repeated bytes as negative progress. An error of
 * reading is of the source, also if a repository of the target is read: it must not be taken for one of the upload.
 */
export function countedContent(
  digest: Digest,
  content: Content,
  emit: EventSink,
  { onOpen, onChunk }: ReadHooks = {},
): CountedContent {
  let position = 0
  let wasRead = false
  async function* count(call: FetchCall, stream: ByteStream): ByteStream {
    wasRead = true
    const offset = call.offset ?? 0
    if (offset !== position) emit({ type: 'blob.progress', digest, bytes: offset - position })
    position = offset
    try {
      onOpen?.()
      for await (const chunk of stream) {
        await onChunk?.(chunk.byteLength, position + chunk.byteLength, call)
        position += chunk.byteLength
        emit({ type: 'blob.progress', digest, bytes: chunk.byteLength })
        yield chunk
      }
    } catch (error) {
      throw isGpregError(error) ? error.with({ side: 'source' }) : error
    }
  }
  return {
    sent: () => position,
    wasRead: () => wasRead,
    content: {
      open: call => count(call, content.open(call)),
      openUnverified: call => count(call, openUnverified(content, call)),
    },
  }
}
