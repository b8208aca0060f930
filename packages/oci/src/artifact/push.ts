import { createHash } from 'node:crypto'
import { GpregError, throwIfAborted, toGpregError } from '../errors.ts'
import type { EventSink } from '../events.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { Artifact } from '../store/artifact.ts'
import { contentFrom, type Content } from '../store/content.ts'
import { countedContent } from '../store/counted-content.ts'
import type { ProgressOptions } from '../operation.ts'

/** The events are those of blobs; retries and warnings are told by the store, such as a `Remote`. */
export interface PushOptions extends ProgressOptions {
  /** default: `application/octet-stream` */
  readonly mediaType?: string
  /** Come back in the descriptor, for the manifest that is going to name it. */
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Stores a blob in the repository of an artifact, if it is not there yet.
 * @param content bytes, text, or content that can be opened twice: once to be hashed, once to be sent
 * @returns the descriptor for a manifest
 * @throws `usage` for content of another kind
 */
export async function push(
  artifact: Artifact,
  content: Uint8Array | string | Content,
  { mediaType = MediaType.octetStream, annotations, signal, onEvent = () => {} }: PushOptions = {},
): Promise<Descriptor> {
  const source = contentOfArgument(content)
  const { digest, size } = await measure(source, signal)
  const descriptor = { mediaType, digest, size }
  if (await artifact.target.repository.exists(descriptor, { signal }))
    onEvent({ type: 'blob.present', digest, size })
  else await send(artifact, descriptor, source, onEvent, signal)
  return { ...descriptor, ...(annotations === undefined ? {} : { annotations }) }
}

/** Sends a blob, and tells of it as a copy does. */
async function send(
  { name, target: { repository } }: Artifact,
  descriptor: Descriptor,
  source: Content,
  emit: EventSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { digest, size } = descriptor
  const counted = countedContent(digest, source, emit)
  emit({ type: 'blob.started', digest, size, image: name })
  try {
    await repository.push(descriptor, counted.content, { signal })
  } catch (thrown) {
    const error = toGpregError(thrown)
    if (error.code !== 'aborted') emit({ type: 'blob.failed', digest, error })
    throw error
  }
  // Somebody else may have sent it meanwhile; an empty blob is sent without being read.
  emit({ type: size === 0 || counted.wasRead() ? 'blob.sent' : 'blob.present', digest, size })
}

/** @throws `usage` for anything else, such as a stream of Node: programs without types may well give one */
function contentOfArgument(content: Uint8Array | string | Content): Content {
  if (typeof content === 'string' || content instanceof Uint8Array) return contentFrom(Buffer.from(content))
  if (typeof content?.open === 'function') return content
  throw new GpregError('usage', 'what is pushed is neither bytes nor text nor content that can be opened', {
    hint: 'a stream can be read only once, and a push reads twice: give the path of a file to fileContent, or collect the stream',
  })
}

async function measure(
  content: Content,
  signal: AbortSignal | undefined,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of content.open({ offset: 0, signal })) {
    throwIfAborted(signal)
    hash.update(chunk)
    size += chunk.byteLength
  }
  return { digest: `sha256:${hash.digest('hex')}`, size }
}
