import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeOutputDirectory } from './output-directory.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-'))))
afterEach(() => rm(directory, { recursive: true, force: true }))

const file = (path: string, content: string, mode = 0o644) => ({ path, content, mode })
const write = (force: boolean, ...files: ReturnType<typeof file>[]) =>
  writeOutputDirectory(directory, files, { force })
const read = (path: string) => readFile(join(directory, path), 'utf8')

test('makes missing directories, and accepts files that exist with the same content', async () => {
  await write(false, file('a/b/c', 'one'))
  await write(false, file('a/b/c', 'one'))
  expect(await read('a/b/c')).toBe('one')
})

test('writes nothing if one file exists with other content, unless forced', async () => {
  await write(false, file('old', 'one'))
  const files = [file('new', 'two'), file('old', 'two')]
  await expect(write(false, ...files)).rejects.toMatchObject({
    code: 'usage',
    subject: { path: join(directory, 'old') },
  })
  await expect(read('new')).rejects.toThrow()
  expect(await read('old')).toBe('one')
  await write(true, ...files)
  expect(await read('old')).toBe('two')
})

test('gives a file with a secret the mode 0600, also if the file exists with another mode', async () => {
  await writeFile(join(directory, 'secret'), 'one', { mode: 0o644 })
  await write(false, file('secret', 'one', 0o600))
  expect((await stat(join(directory, 'secret'))).mode & 0o777).toBe(0o600)
})

test('fails with storage if a directory cannot be made', async () => {
  await write(false, file('a', 'one'))
  await expect(write(false, file('a/b', 'one'))).rejects.toMatchObject({ code: 'storage' })
})
