import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { digestOf } from '@gpreg/oci'
import { volumeDamage } from './volume-damage.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-damage-'))))
afterEach(() => rm(directory, { recursive: true }))

const sha256 = digestOf('sound').slice(7)
const volume = (path: string) => ({ name: path, path, size: 5, expected: { size: 5, sha256 } })

// Linux answers EIO to a read of the first bytes of this file.
it.runIf(process.platform === 'linux')(
  'a volume that the disk cannot read is damaged, and the others are read',
  async () => {
    const paths = ['sound', 'other'].map(name => join(directory, name))
    for (const path of paths) await writeFile(path, path.slice(-5))
    const found = await volumeDamage(['/proc/self/mem', ...paths].map(volume))
    expect(found.map(({ name, status }) => [name, status])).toEqual([
      ['/proc/self/mem', 'damaged'],
      [paths[1], 'damaged'],
    ])
    expect(found[0]!.message).toBe('/proc/self/mem cannot be read (EIO)')
  },
)

it('a volume that cannot be read for another reason is an error', async () => {
  await expect(volumeDamage([volume(directory)])).rejects.toMatchObject({ code: 'storage' })
})
