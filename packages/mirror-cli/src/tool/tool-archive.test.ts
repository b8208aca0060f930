import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { writeToolArchive } from './tool-archive.ts'

const modified = new Date('2026-01-02T03:04:05Z')
const deep = `lib/${'a-long-name/'.repeat(12)}file.js`

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-tool-'))))
afterEach(() => rm(directory, { recursive: true }))

async function write(path: string, content: string, mode = 0o644): Promise<void> {
  const file = join(directory, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
  await chmod(file, mode)
}

/** A built command, with what is of no use at run time, and a Node. */
async function installed() {
  await write('cli/oclif.manifest.json', '{}')
  await write('cli/package.json', '{}')
  await write('cli/bin/run.js', '#!/usr/bin/env -S node --flag\nrun()\n', 0o755)
  await write('cli/dist/main.js', 'main')
  await write('cli/dist/main.js.map', 'left out')
  await write('cli/dist/main.test.js', 'left out')
  await write(`cli/dist/${deep}`, 'deep')
  await write('cli/src/main.ts', 'left out')
  await write('cli/node_modules/other/package.json', '{}')
  await write('node', 'the node', 0o755)
  return { root: join(directory, 'cli'), modified, node: join(directory, 'node') }
}

async function entriesOf(path: string) {
  const entries: Record<string, { readonly mode: number | undefined; readonly content: string }> = {}
  const reader = extract()
  reader.on('entry', (header, stream, next) => {
    expect(header.mtime).toEqual(modified)
    text(stream).then(content => {
      entries[header.name] = { mode: header.mode, content }
      next()
    }, next)
  })
  await pipeline(createReadStream(path), createGunzip(), reader)
  return entries
}

it('holds the command and Node, with their permissions, and nothing else', async () => {
  const path = join(directory, 'tool.tar.gz')
  await writeToolArchive(path, await installed())
  const entries = await entriesOf(path)
  expect(Object.keys(entries)).toEqual([
    'gpreg/gpreg',
    'gpreg/node',
    'gpreg/bin/run.js',
    `gpreg/dist/${deep}`,
    'gpreg/dist/main.js',
    'gpreg/oclif.manifest.json',
    'gpreg/package.json',
  ])
  expect(entries['gpreg/gpreg']).toMatchObject({
    mode: 0o755,
    content: expect.stringMatching(/^#!\/bin\/sh\n/),
  })
  expect(entries['gpreg/gpreg']?.content).toContain('"$here/node" --flag "$here/bin/run.js"')
  expect(entries['gpreg/node']).toEqual({ mode: 0o755, content: 'the node' })
  expect(entries['gpreg/bin/run.js']?.mode).toBe(0o755)
  expect(entries['gpreg/dist/main.js']).toEqual({ mode: 0o644, content: 'main' })
})

it('starts by a batch file on Windows', async () => {
  const path = join(directory, 'tool.tar.gz')
  await writeToolArchive(path, { ...(await installed()), platform: 'win32' })
  const entries = await entriesOf(path)
  expect(Object.keys(entries).slice(0, 2)).toEqual(['gpreg/gpreg.cmd', 'gpreg/node.exe'])
  expect(entries['gpreg/gpreg.cmd']?.content).toContain('"%~dp0node.exe" --flag "%~dp0bin\\run.js" %*')
})

it('has the same bytes for the same files, independent of their dates and of links to the package', async () => {
  const options = await installed()
  const [one, other] = [join(directory, 'one.tar.gz'), join(directory, 'other.tar.gz')]
  await writeToolArchive(one, options)
  await utimes(join(options.root, 'dist/main.js'), 1, 1)
  await symlink(options.root, join(directory, 'link'))
  await writeToolArchive(other, { ...options, root: join(directory, 'link') })
  expect((await readFile(one)).equals(await readFile(other))).toBe(true)
})

it.each(['no-such-directory/tool.tar.gz', 'tool.tar.gz'])(
  'a failed write of %s leaves no file',
  async name => {
    const options = await installed()
    if (name === 'tool.tar.gz') await rm(options.node)
    const before = await readdir(directory)
    const path = join(directory, name)
    await expect(writeToolArchive(path, options)).rejects.toMatchObject({
      code: 'storage',
      subject: { path },
    })
    expect(await readdir(directory)).toEqual(before)
  },
)
