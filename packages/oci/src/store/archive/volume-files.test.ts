import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { VolumeFiles } from './volume-files.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-volumes-'))))
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(directory, { recursive: true })
})

it('reports a sync that fails after all bytes are written', async () => {
  const path = join(directory, 'x.tar')
  await using any = await open(directory)
  const failing = Promise.withResolvers<void>()
  vi.spyOn(Object.getPrototypeOf(any), 'datasync').mockReturnValue(failing.promise)
  const size = 64 * 1024 * 1024
  await using files = await VolumeFiles.open([{ path, size }], () => size)
  await files.write(0, Buffer.alloc(size))
  // All is hashed before, so that only the sync is left to wait for.
  files.pump()
  await files.rewind(size)
  const finishing = files.finish()
  setImmediate(() => failing.reject(Object.assign(new Error('EIO'), { code: 'EIO' })))
  await expect(finishing).rejects.toMatchObject({ code: 'storage', subject: { path } })
})
