import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestHex } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import type { ByteStream, Content } from './content.ts'
import { LayoutStore } from './layout/layout-store.ts'

const BYTES = Buffer.from('0123456789'.repeat(1000))
const DIGEST = digestOf(BYTES)
const LAYER: Descriptor = { mediaType: MediaType.octetStream, digest: DIGEST, size: BYTES.length }

let root: string
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'gpreg-resume-'))))
afterEach(() => rm(root, { recursive: true }))

const resume = async (elsewhere = new Set<typeof DIGEST>()) =>
  (await LayoutStore.resume(root, Date.now(), elsewhere)).repository('app')

/** Content that breaks off after a number of bytes, and notes every offset at which it is opened. */
function source(offsets: number[], breaksAfter = Infinity, bytes: Uint8Array = BYTES): Content {
  return {
    open: async function* ({ offset = 0 }): ByteStream {
      offsets.push(offset)
      for (let at = offset; at < bytes.length; at += 1000) {
        if (at - offset >= breaksAfter) throw new Error('the line broke')
        yield bytes.subarray(at, at + 1000)
      }
    },
  }
}

const blob = () => join(root, 'blobs', 'sha256', digestHex(DIGEST))
const partial = () => join(root, 'ingest', `sha256-${digestHex(DIGEST)}`)

describe('a layout for a save', () => {
  it('continues an unfinished blob at its end', async () => {
    const offsets: number[] = []
    await expect((await resume()).push(LAYER, source(offsets, 5000))).rejects.toThrow('the line broke')
    const kept = (await stat(partial())).size
    expect(kept).toBeGreaterThan(0)
    await (await resume()).push(LAYER, source(offsets))
    expect(offsets).toEqual([0, kept])
    expect(await readFile(blob())).toEqual(BYTES)
    expect((await stat(blob())).mode & 0o777).toBe(0o444)
    expect(await readdir(join(root, 'ingest'))).toEqual([])
  })

  it.each([
    ['other bytes', Buffer.from('x'.repeat(4000))],
    ['too many bytes', Buffer.alloc(20_000)],
  ])('starts over if %s are stored', async (_, kept) => {
    await resume()
    await writeFile(partial(), kept)
    const offsets: number[] = []
    await (await resume()).push(LAYER, source(offsets))
    expect(offsets.at(-1)).toBe(0)
    expect(await readFile(blob())).toEqual(BYTES)
  })

  it('keeps no byte of a source with wrong content, and says what is wrong', async () => {
    const lies = source([], Infinity, Buffer.from('x'.repeat(BYTES.length)))
    await expect((await resume()).push(LAYER, lies)).rejects.toMatchObject({ code: 'digest-mismatch' })
    expect(await readdir(join(root, 'ingest'))).toEqual([])
    await expect(stat(blob())).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('hashes stored blobs before they count, and deletes wrong ones', async () => {
    await (await resume()).push(LAYER, source([]))
    expect(await (await resume()).exists(LAYER)).toBe(true)
    await rm(blob())
    await writeFile(blob(), 'damaged')
    expect(await (await resume()).exists(LAYER)).toBe(false)
    await expect(stat(blob())).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('counts content of the destination as stored', async () => {
    expect(await (await resume(new Set([DIGEST]))).exists(LAYER)).toBe(true)
  })
})
