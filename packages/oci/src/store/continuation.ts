import { isGpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { ByteStream, Content } from './content.ts'
import { openUnverified } from './stored-content.ts'
import { verified } from './verify.ts'

/** The start of a blob that was stored before. */
export interface Kept {
  /** bytes */
  readonly size: number
  read(): ByteStream
}

/** The rest of a blob. The stored start is hashed, too, and the last chunk is yielded only if the whole blob is right. */
export async function* verifiedRest(
  kept: Kept,
  descriptor: Descriptor,
  content: Content,
  signal: AbortSignal | undefined,
): ByteStream {
  let position = 0
  const rest = () => openUnverified(content, { offset: kept.size, signal })
  for await (const chunk of verified(chain(kept.read(), rest), descriptor)) {
    if (position >= kept.size) yield chunk
    position += chunk.byteLength
  }
}

/**
 * Continues after the bytes already on disk. If the whole then fails its digest, those bytes are discarded and the blob is
 * fetched once more from the start.
 */
export async function goOn(
  kept: number,
  fill: () => Promise<void>,
  startOver: () => Promise<void>,
): Promise<void> {
  try {
    await fill()
  } catch (error) {
    const wrong = isGpregError(error, 'digest-mismatch') || isGpregError(error, 'size-mismatch')
    if (wrong) await startOver()
    if (!wrong || kept === 0) throw error
    await fill()
  }
}

async function* chain(first: ByteStream, second: () => ByteStream): ByteStream {
  yield* first
  yield* second()
}
