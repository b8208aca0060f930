import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDirectory } from './directory.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gpreg-directory-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('makeDirectory', () => {
  it('makes a directory and those above it, with the mode', async () => {
    await makeDirectory(join(root, 'a/b/c'), 0o700)
    for (const path of ['a', 'a/b', 'a/b/c']) expect((await stat(join(root, path))).mode & 0o777).toBe(0o700)
  })

  it('takes a directory that is there, also behind a link or made at the same time', async () => {
    await makeDirectory(root)
    await makeDirectory('/')
    await symlink(root, join(root, 'link'))
    await makeDirectory(join(root, 'link'))
    await Promise.all(Array.from({ length: 8 }, () => makeDirectory(join(root, 'x/y/z'))))
  })

  it('refuses a file in its place or above it', async () => {
    await writeFile(join(root, 'file'), '')
    await expect(makeDirectory(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeDirectory(join(root, 'file/a'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it.runIf(process.platform === 'linux')('ends where the system makes no directory', async () => {
    await expect(makeDirectory('/proc/gpreg/a/b')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
