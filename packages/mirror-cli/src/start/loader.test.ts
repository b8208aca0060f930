import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getuid } from 'node:process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-loader-'))
  await build('1', {
    'main.js': 'exports.join = require("node:path").join; exports.part = () => require("./part.js")',
    'part.js': 'exports.answer = () => 41; exports.file = __filename',
    'commands/values/check.js': 'exports.part = require("../../part.js")',
  })
})
afterEach(() => rm(directory, { recursive: true }))

/** Writes files of a built command. */
async function build(id: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries({ 'package.json': `{"build":"${id}"}`, ...files })) {
    await mkdir(dirname(join(directory, 'dist', name)), { recursive: true })
    await writeFile(join(directory, 'dist', name), text)
  }
}

const cachePath = (...names: string[]) => join(directory, 'cache/gpreg', ...names)

/** Does what a new process does. `work` gets a function that loads a file. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each file exports something else
async function start<T>(work: (load: (name: string) => any) => T, cache = cachePath()) {
  vi.resetModules()
  const { createLoader, keepCompiledCode } = await import('./loader.ts')
  const { takeCacheProblem } = await import('./code-cache.ts')
  const load = createLoader(join(directory, 'dist'), cache)
  const result = await work(name => load(join(directory, 'dist', name)))
  keepCompiledCode()
  return { result, problem: takeCacheProblem(), load }
}

describe('the loader', () => {
  it('runs each file once', async () => {
    const { result } = await start(load => [load('main.js').part(), load('commands/values/check.js').part])
    expect(result[0]).toEqual({ answer: expect.any(Function), file: join(directory, 'dist/part.js') })
    expect(result[1]).toBe(result[0])
  })

  it('gives its files the modules of Node', async () => {
    expect((await start(load => load('main.js').join)).result).toBe(join)
  })

  it('still loads files after the code is kept', async () => {
    const { load } = await start(() => {})
    expect(load(join(directory, 'dist/part.js'))).toHaveProperty('answer')
  })
})

describe('compiled code', () => {
  const answer = () => start(load => load('main.js').part().answer())
  /** A cache that is written anew is another file. */
  const version = async (name = 'main') => (await stat(cachePath(name))).ino

  it('is kept by entry, and then used', async () => {
    const both = () => start(load => [load('main.js').part().answer(), load('commands/values/check.js')])
    await both()
    const versions = await Promise.all([version(), version('commands-values-check')])
    expect((await both()).result[0]).toBe(41)
    expect(await Promise.all([version(), version('commands-values-check')])).toEqual(versions)
  })

  it('is not used for other sources of the same length', async () => {
    await answer()
    await build('2', { 'part.js': 'exports.answer = () => 42; exports.file = __filename' })
    expect((await answer()).result).toBe(42)
  })

  it('is kept anew when a start loads more', async () => {
    await start(load => load('main.js'))
    const first = await version()
    await answer()
    const second = await version()
    await answer()
    expect([second === first, await version()]).toEqual([false, second])
  })

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (kept: Buffer) => kept.subarray(0, kept.length - 100)],
    ['cut off in its first line', (kept: Buffer) => kept.subarray(0, 10)],
    ['something else', () => Buffer.from('{"build":"1"}\n')],
  ])('is compiled again if the cache is %s', async (_, damage) => {
    await answer()
    const [damaged, whole] = [damage(await readFile(cachePath('main'))), await version()]
    await writeFile(cachePath('main'), damaged)
    expect((await answer()).result).toBe(41)
    expect(await version()).not.toBe(whole)
  })

  it.skipIf(getuid?.() !== 0)('of another user is not used', async () => {
    await answer()
    const theirs = await version()
    await chown(cachePath('main'), 10001, 10001)
    await answer()
    expect(await version()).not.toBe(theirs)
    expect(await stat(cachePath('main'))).toMatchObject({ uid: 0 })
  })

  it('that cannot be kept is a problem that is told once', async () => {
    await writeFile(join(directory, 'cache'), 'a file')
    const { result, problem } = await start(load => [load('main.js'), load('commands/values/check.js')])
    expect(result).toHaveLength(2)
    expect(problem).toEqual({ path: cachePath(), reason: 'ENOTDIR' })
  })
})
