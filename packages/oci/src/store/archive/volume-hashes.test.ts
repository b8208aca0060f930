import { createHash } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashVolumes } from './volume-hash-thread.ts'

const MIB = 1024 * 1024
let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'gpreg-hashes-'))))
afterAll(() => rm(folder, { recursive: true }))

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

describe.each([
  ['in this thread', 3 * MIB],
  ['in another thread', 80 * MIB],
])('volumes hashed %s', (_, size) => {
  test('have the hash of their files, as far as they were hashed', async () => {
    const paths = ['a', 'b'].map(name => join(folder, `${name}-${size}`))
    for (const path of paths) await writeFile(path, path)
    await truncate(paths[1]!, size)
    const hasher = hashVolumes(paths.map(path => ({ path, size })))
    await Promise.all([hasher.update(0, 5), hasher.update(1, MIB + 1), hasher.update(1, size)])
    const start = Buffer.from(paths[1]!)
    expect(await hasher.digest(0)).toBe(sha256(Buffer.from(paths[0]!).subarray(0, 5)))
    expect(await hasher.digest(1)).toBe(sha256(start, Buffer.alloc(size - start.byteLength)))
    await hasher.close()
  })

  test('count what is not written yet as zeros, and are hashed again after a reset', async () => {
    const path = join(folder, `short-${size}`)
    await writeFile(path, 'old')
    const hasher = hashVolumes([{ path, size }])
    await hasher.update(0, 4)
    expect(await hasher.digest(0)).toBe(sha256(Buffer.from('old\0')))
    await writeFile(path, 'new')
    await hasher.reset(0)
    await hasher.update(0, 3)
    expect(await hasher.digest(0)).toBe(sha256(Buffer.from('new')))
    await hasher.close()
  })

  test('are refused with the code of the disk if they are not there', async () => {
    const hash = async () => hashVolumes([{ path: join(folder, 'absent'), size }]).update(0, 1)
    await expect(hash()).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
