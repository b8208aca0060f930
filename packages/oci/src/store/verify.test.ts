import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpregError } from '../errors.ts'
import { digestOf } from '../model/hash.ts'
import type { ByteStream } from './content.ts'
import { verified } from './verify.ts'

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): ByteStream {
  let position = 0
  for (const size of sizes) {
    yield bytes.subarray(position, position + size)
    position += size
  }
  if (position < bytes.byteLength) yield bytes.subarray(position)
}

const blob = fc.uint8Array({ maxLength: 300 })
const cuts = fc.array(fc.nat(60), { maxLength: 6 })
const describeBytes = (bytes: Uint8Array) => ({
  mediaType: 'x/y',
  digest: digestOf(bytes),
  size: bytes.byteLength,
})

describe('verified', () => {
  it('passes right bytes through, for any size of chunks', async () => {
    await fc.assert(
      fc.asyncProperty(blob, cuts, async (bytes, sizes) => {
        const out: Uint8Array[] = []
        for await (const chunk of verified(inChunks(bytes, sizes), describeBytes(bytes))) out.push(chunk)
        expect(Buffer.concat(out).equals(bytes)).toBe(true)
      }),
    )
  })

  it('hands a chunk on before the next one is read, but for the last', async () => {
    const bytes = new Uint8Array(10)
    const seen: string[] = []
    async function* source(): ByteStream {
      for (const start of [0, 4, 8]) {
        seen.push(`read ${start}`)
        yield bytes.subarray(start, start + 4)
      }
      seen.push('end')
    }
    for await (const { byteLength } of verified(source(), describeBytes(bytes)))
      seen.push(`got ${byteLength}`)
    expect(seen).toEqual(['read 0', 'got 4', 'read 4', 'got 4', 'read 8', 'end', 'got 2'])
  })

  it('never completes wrong bytes', async () => {
    await fc.assert(
      fc.asyncProperty(blob, blob, cuts, async (expected, sent, sizes) => {
        fc.pre(!Buffer.from(expected).equals(Buffer.from(sent)))
        let passed = 0
        let failure: unknown
        try {
          for await (const chunk of verified(inChunks(sent, sizes), describeBytes(expected)))
            passed += chunk.byteLength
        } catch (error) {
          failure = error
        }
        expect(isGpregError(failure)).toBe(true)
        // Of wrong bytes, the last chunk at least is held back.
        expect(passed === 0 || passed < expected.byteLength).toBe(true)
      }),
    )
  })
})
