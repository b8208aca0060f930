import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeOutputFile } from './output-file.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-'))))
afterEach(() => rm(directory, { recursive: true, force: true }))

test('replaces a file and leaves nothing beside it', async () => {
  const path = join(directory, 'gpreg.lock.json')
  await writeFile(path, 'old')
  await writeOutputFile(path, 'new')
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(directory)).toEqual(['gpreg.lock.json'])
})

test('says where it cannot write', async () => {
  const path = join(directory, 'missing', 'gpreg.lock.json')
  await expect(writeOutputFile(path, 'new')).rejects.toMatchObject({ code: 'storage', subject: { path } })
})
