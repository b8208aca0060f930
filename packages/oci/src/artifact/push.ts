import { createHash } from 'node:crypto'
import { throwIfAborted } from '../errors.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { Artifact } from '../store/artifact.ts'
import { contentFrom, type Content } from '../store/content.ts'
import type { OperationOptions } from '../operation.ts'

export interface PushOptions extends OperationOptions {
  /** default: `application/octet-stream` */
  readonly mediaType?: string
  /** Come back in the descriptor, for the manifest that is going to name it. */
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Stores a blob in the repository of an artifact, if it is not there yet.
 * @param content bytes, text, or content that can be opened twice: once to be hashed, once to be sent
 * @returns the descriptor for a manifest
 */
export async function push(
  { target: { repository } }: Artifact,
  content: Uint8Array | string | Content,
  { mediaType = MediaType.octetStream, annotations, signal }: PushOptions = {},
): Promise<Descriptor> {
  const source = isContent(content) ? content : contentFrom(Buffer.from(content))
  const { digest, size } = await measure(source, signal)
  const descriptor = { mediaType, digest, size }
  if (!(await repository.exists(descriptor, { signal })))
    await repository.push(descriptor, source, { signal })
  return { ...descriptor, ...(annotations === undefined ? {} : { annotations }) }
}

function isContent(content: Uint8Array | string | Content): content is Content {
  return typeof content === 'object' && 'open' in content
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
