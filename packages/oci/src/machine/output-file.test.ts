import { execFileSync } from 'node:child_process'
import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeDrafts, replaceFile, SECRET_MODE, writeOutputFile } from './output-file.ts'
import { writerMark } from './writer.ts'

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

test('keeps a secret from others, also where the file was open to them', async () => {
  const path = join(directory, 'secret.json')
  await writeFile(path, 'old', { mode: 0o644 })
  await writeOutputFile(path, 'new', SECRET_MODE)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('leaves a symbolic link one, and writes where it leads', async () => {
  const path = join(directory, 'real.json')
  const link = join(directory, 'link.json')
  await writeFile(path, 'old')
  await symlink(path, link)
  await writeOutputFile(link, 'new')
  expect((await lstat(link)).isSymbolicLink()).toBe(true)
  expect(await readFile(path, 'utf8')).toBe('new')
})

test('says where it cannot write', async () => {
  const path = join(directory, 'missing', 'gpreg.lock.json')
  await expect(writeOutputFile(path, 'new')).rejects.toMatchObject({ code: 'storage', subject: { path } })
})

test.runIf(process.platform === 'linux')('writes into a pipe, as into a device: it stays one', async () => {
  const path = join(directory, 'pipe')
  execFileSync('mkfifo', [path])
  const [text] = await Promise.all([readFile(path, 'utf8'), writeOutputFile(path, 'new', SECRET_MODE)])
  expect(text).toBe('new')
  expect((await lstat(path)).isFIFO()).toBe(true)
})

test('takes no draft of its path for its own, because another container may have its process id', async () => {
  const path = join(directory, 'gpreg.lock.json')
  const drafts: string[] = []
  const write = async (draft: string) => void (drafts.push(draft), await writeFile(draft, draft))
  await Promise.all([replaceFile(path, write), replaceFile(path, write)])
  expect(new Set(drafts).size).toBe(2)
  expect(await readdir(directory)).toEqual(['gpreg.lock.json'])
})

test('removes the drafts of runs that were killed, and nothing else', async () => {
  const path = join(directory, 'secret.json')
  const killed = `secret.json.${hostname()}~${2 ** 22 + 1}~1~x.tmp`
  const others = [
    `secret.json.${await writerMark()}.tmp`,
    `secret.json.other-host~${2 ** 22 + 1}~1~x.tmp`,
    'secret.json.x.tmp',
    `other.json.${hostname()}~${2 ** 22 + 1}~1~x.tmp`,
  ]
  await Promise.all([killed, ...others].map(name => writeFile(join(directory, name), 'canary')))
  await removeDrafts(path)
  expect((await readdir(directory)).sort()).toEqual([...others].sort())
})
