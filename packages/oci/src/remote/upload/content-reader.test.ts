import { describe, expect, it } from 'vitest'
import type { Content } from '../../store/content.ts'
import { ContentReader } from './content-reader.ts'
import { BufferPool } from './upload-resources.ts'

const SIZE = 1000
const bytes = Buffer.from(Array.from({ length: SIZE }, (_, index) => index % 251))

/** Content in pieces of 70 bytes that remembers where it was opened and which of its streams are still open. */
function contentOf() {
  const opened: number[] = []
  let open = 0
  /** Holds a stream back before its next piece, once. */
  let gate: Promise<void> | undefined
  const content: Content = {
    async *open({ offset = 0, signal }) {
      opened.push(offset)
      open++
      try {
        for (let position = offset; position < SIZE; position += 70) {
          const held = gate
          gate = undefined
          await held
          signal?.throwIfAborted()
          yield bytes.subarray(position, Math.min(position + 70, SIZE))
        }
      } finally {
        open--
      }
    },
  }
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return resolve
  }
  const reader = new ContentReader(content, SIZE, new AbortController().signal, new BufferPool())
  return { reader, opened, openNow: () => open, hold }
}

const collect = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(stream))

describe('content that is read in pieces', () => {
  it('is opened once and yields the same bytes, for any size of pieces', async () => {
    for (const length of [1, 70, 99, 333, 1000]) {
      const { reader, opened, openNow } = contentOf()
      for (let offset = 0; offset < SIZE; offset += length) {
        const piece = await reader.take(offset, Math.min(length, SIZE - offset))
        expect(bytes.subarray(offset, offset + length).equals(piece), `${offset}`).toBe(true)
      }
      await reader.close()
      expect(opened).toEqual([0])
      expect(openNow()).toBe(0)
    }
  })

  it('does not overwrite a piece while the next one is read', async () => {
    const { reader } = contentOf()
    const first = await reader.take(0, 100)
    const second = await reader.take(100, 100)
    expect(bytes.subarray(100, 200).equals(second)).toBe(true)
    expect(bytes.subarray(0, 100).equals(first)).toBe(true)
    await reader.close()
  })

  it('continues as a stream after the bytes that were read ahead', async () => {
    const { reader, opened } = contentOf()
    await reader.take(0, 100)
    expect(await collect(reader.stream(100, 900))).toEqual(bytes.subarray(100))
    expect(opened).toEqual([0])
    await reader.close()
  })

  it('is opened again for another offset, also while a broken request still waits for its bytes', async () => {
    const { reader, opened, openNow, hold } = contentOf()
    const broken = reader.stream(0, 500)[Symbol.asyncIterator]()
    await broken.next()
    const release = hold()
    const late = broken.next()
    const again = collect(reader.stream(70, 600))
    release()
    expect(await again).toEqual(bytes.subarray(70, 670))
    await late
    await broken.return?.()
    expect(await collect(reader.stream(670, 330))).toEqual(bytes.subarray(670))
    expect(opened).toEqual([0, 70])
    await reader.close()
    expect(openNow()).toBe(0)
  })

  it('can be closed while it is being read ahead', async () => {
    const { reader, openNow, hold } = contentOf()
    const release = hold()
    const taken = reader.take(0, 70)
    release()
    await taken
    const releaseNext = hold()
    const closed = reader.close()
    releaseNext()
    await closed
    expect(openNow()).toBe(0)
  })
})
