import { describe, expect, it } from 'vitest'
import { Loan } from '../../machine/lent-memory.ts'
import { UnsentChunks } from './unsent-chunks.ts'

const KIB = 1024

/** Adds chunks of these sizes, each in memory of its own. @returns the sizes of those whose memory was given back */
function sent(...kibibytes: number[]) {
  const unsent = new UnsentChunks()
  const free: number[] = []
  for (const size of kibibytes) {
    const chunk = Buffer.allocUnsafeSlow(size * KIB)
    new Loan(chunk, () => free.push(size)).close(chunk.byteLength)
    unsent.add(chunk)
  }
  return { unsent, free }
}

describe('a chunk that a socket has taken', () => {
  it('is sent when the socket was full with it and takes more', () => {
    expect(sent(64).free).toEqual([64])
    expect(sent(10, 20, 200).free).toEqual([10, 20, 200])
  })

  it('is not known to be sent while the socket may hold it and all after it', () => {
    expect(sent(20, 20, 23).free).toEqual([])
    expect(sent(1, 63).free).toEqual([])
  })

  it('is sent when as much came after it as the socket holds', () => {
    expect(sent(1, 63, 1).free).toEqual([1])
    expect(sent(40, 40, 40, 40).free).toEqual([40, 40])
  })

  it('is sent when the registry says so', () => {
    const { unsent, free } = sent(10, 20)
    unsent.recycle()
    unsent.recycle()
    expect(free).toEqual([10, 20])
  })
})
