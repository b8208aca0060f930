import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { digestOf } from '@gpreg/oci'
import { createContext } from '../context.ts'
import type { GpregEvent } from '../events.ts'
import { bytesToCheck, checkVolumes } from './volume-damage.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-damage-'))))
afterEach(() => rm(directory, { recursive: true }))

const sha256 = digestOf('sound').slice(7)
const volume = (path: string) => ({ name: path, path, size: 5, expected: { size: 5, sha256 } })
const check = async (paths: readonly string[]) =>
  (await checkVolumes(paths.map(volume), createContext({}))).damage

// Linux answers EIO to a read of the first bytes of this file.
it.runIf(process.platform === 'linux')(
  'a volume that the disk cannot read is damaged, and the others are read',
  async () => {
    const paths = ['sound', 'other'].map(name => join(directory, name))
    for (const path of paths) await writeFile(path, path.slice(-5))
    const found = await check(['/proc/self/mem', ...paths])
    expect(found.map(({ name, status }) => [name, status])).toEqual([
      ['/proc/self/mem', 'damaged'],
      [paths[1], 'damaged'],
    ])
    expect(found[0]!.message).toBe('/proc/self/mem cannot be read (EIO)')
  },
)

it('a volume that cannot be read for another reason is an error', async () => {
  await expect(check([directory])).rejects.toMatchObject({ code: 'storage' })
})

it('reads as many bytes as it says before, and none of a file that is missing or of another size', async () => {
  const paths = ['sound', 'long'].map(name => join(directory, name))
  await writeFile(paths[0]!, 'sound')
  await writeFile(paths[1]!, 'too long')
  const files = [volume(paths[0]!), { ...volume(paths[1]!), size: 8 }, { ...volume('gone'), size: 0 }]
  const told: GpregEvent[] = []
  const { bytes: read } = await checkVolumes(files, createContext({ emit: event => void told.push(event) }))
  expect([read, bytesToCheck(files)]).toEqual([5, 5])
  expect(told).toEqual([{ type: 'read.progress', bytes: 5 }])
})
