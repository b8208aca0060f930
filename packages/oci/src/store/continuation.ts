import { isGpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { ByteStream, Content } from './content.ts'
import { openUnverified } from './stored-content.ts'
import { verified } from './verify.ts'

/** The start of a blob that is kept from before. */
export interface Kept {
  /** bytes of it */
  readonly size: number
  read(): ByteStream
}

/** What is not kept yet of a blob. The whole is hashed, so that the last chunk comes out only where all of it is right. */
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

/** Goes on behind what is kept. Where that turns out to be what is wrong, it is forgotten, and all of it comes once more. */
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
