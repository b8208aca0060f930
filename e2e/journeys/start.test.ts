import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeImage, makeLayer } from '../support/images.ts'
import { installedCopy } from '../support/installed-copy.ts'
import { keptCode } from '../support/kept-code.ts'
import { runProcess, startProcess } from '../support/process.ts'
import { startRegistry } from '../support/registry.ts'
import { canMount } from '../support/small-disk.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { isRoot } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

const LIST = ['images', '--image', 'redis']
const LOCK = {
  kind: 'Lock',
  version: 1,
  created: '2022-11-30T12:00:00.000Z',
  images: [
    {
      source: 'docker.io/library/redis:6.2',
      digest: `sha256:${'0'.repeat(64)}`,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      size: 400,
      bytes: 400,
      purpose: 'components',
      origins: ['the test'],
      referrers: [],
    },
  ],
}
const REDIS = 'docker.io/library/redis:6.2'
/** A user without an entry in the passwd file, as in a pod with `runAsUser`. */
const STRANGER = ['setpriv', '--reuid', '10001', '--regid', '10001', '--clear-groups']
const NOTHING_WRITABLE = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount --bind / / && mount -o remount,bind,ro / && exec "$@"',
  'sh',
]

let directory: TemporaryDirectory
let command: readonly string[]
let upstream: Upstream
beforeAll(async () => {
  directory = await temporaryDirectory()
  command = await installedCopy(directory)
  upstream = await startUpstream()
  await upstream.add(REDIS, makeImage([makeLayer('redis', 100_000)], 'oci'))
})
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]()
  await directory?.[Symbol.asyncDispose]()
})

const run = ([program, ...args]: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProcess(program!, args, { env: { PATH: process.env['PATH'], ...env }, cwd: '/' })

/** Runs a line of sh, in which `$@` is the command with its arguments. */
const shell = (line: string, args: readonly string[]) =>
  run(['sh', '-c', line, 'sh', ...command, ...args], { HOME: directory.path })

const mirror = (to: string) => [
  'mirror',
  '--image',
  REDIS,
  '--to',
  to,
  ...sourceMirrors(upstream.host, [REDIS]),
]

describe.skipIf(!isRoot)('a user without a passwd entry', () => {
  it.concurrent.each([
    ['with the home of a container', { HOME: '/' }],
    ['without HOME and SHELL', {}],
    ['with a home that is not there', { HOME: '/nonexistent', SHELL: '/bin/sh' }],
  ])('%s copies an image, and hears once what is lost', async (_, env) => {
    await using target = await startRegistry()
    const { exitCode, stderr } = await run([...STRANGER, ...command, ...mirror(`${target.host}/x`)], env)
    expect(exitCode, stderr).toBe(0)
    expect(stderr.match(/\.cache\/gpreg cannot be written \(\w+\).*XDG_CACHE_HOME/g)).toHaveLength(1)
  })

  it.skipIf(!canMount)('needs nothing that can be written', async () => {
    await using target = await startRegistry()
    const { exitCode, stderr } = await run([...NOTHING_WRITABLE, ...command, ...mirror(`${target.host}/x`)], {
      HOME: '/root',
    })
    expect(exitCode, stderr).toBe(0)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('output that nobody reads', () => {
  it.concurrent.each([
    ['an answer', LIST, 0],
    ['help', ['images', '--help'], 0],
    ['the version', ['--version'], 0],
    ['a document', [...LIST, '--json'], 0],
    ['a wrong use', ['images', '--json', '--imag', 'x'], 2],
    ['an unknown command', ['imges'], 2],
  ])('%s has its own exit code', async (_, args, expected) => {
    for (const line of ['{ "$@" 2>&1; echo $? >&2; } | true', '"$@" >&- 2>&-; echo $? >&2']) {
      // The last `echo` writes to the stderr of the shell, which is open.
      const { stderr } = await shell(line, args)
      expect(stderr.trim(), line).toBe(`${expected}`)
    }
  })

  it('a copy goes on to its end', async () => {
    await using target = await startRegistry()
    const { stderr } = await shell('{ "$@" 2>&1; echo $? >&2; } | true', mirror(`${target.host}/x`))
    expect(stderr.trim()).toBe('0')
    const tags = await fetch(new URL('/v2/x/library/redis/tags/list', target.url))
    expect(await tags.json()).toMatchObject({ tags: ['6.2'] })
  })

  it('an answer for which there is no room is an error', async () => {
    const { exitCode, stderr } = await shell('"$@" > /dev/full', LIST)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/^error: cannot write to standard output: ENOSPC.*\nhint: .*\n$/),
    })
  })

  it('a message for which there is no room changes nothing', async () => {
    expect((await shell('"$@" 2> /dev/full', ['images', '--imag', 'x'])).exitCode).toBe(2)
  })
})

it.skipIf(!canMount)('as process 1 a server ends on SIGTERM', async () => {
  const line = [
    '--pid',
    '--fork',
    '--mount-proc',
    ...command,
    'serve',
    directory.join('served'),
    '--listen',
    '127.0.0.1:0',
  ]
  await using outer = startProcess('unshare', line, {
    env: { HOME: directory.path, PATH: process.env['PATH'] },
  })
  await outer.output(/127\.0\.0\.1:[1-9]\d*/)
  const inner = Number((await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8')).trim())
  process.kill(inner, 'SIGTERM')
  expect(await outer.exited).toEqual({ code: 0, signal: null })
})

/** Runs the command, whose last line on stderr is the number of Node's modules of these names that it has loaded. */
async function countLoaded(names: string, args: readonly string[]): Promise<string | undefined> {
  const loaded = `process.moduleLoadList.filter(name => /^NativeModule (${names})$/.test(name)).length`
  const say = `data:text/javascript,process.on('exit', () => console.error(${loaded}))`
  const [program, ...rest] = command
  const { stderr } = await run([program!, '--import', say, ...rest, ...args], { HOME: directory.path })
  return stderr.trimEnd().split('\n').at(-1)
}

it('loads nothing of the network for a command that needs none', async () => {
  const network = (...args: readonly string[]) => countLoaded('tls|crypto|http2?', args)
  const lock = directory.join('gpreg.lock.json')
  await writeFile(lock, JSON.stringify(LOCK))
  expect(await run([...command, 'images', '--lock', lock])).toMatchObject({ exitCode: 0 })
  const loaded = [network(...LIST), network('images', '--lock', lock), network('help')]
  expect(await Promise.all(loaded)).toEqual(['0', '0', '0'])
  expect(await network('logout', 'a.example')).not.toBe('0')
})

it('loads neither HTTP/2 nor web cryptography for a copy', async () => {
  const nothing = '127.0.0.1:1/nothing'
  const mirror = (modules: string) =>
    countLoaded(modules, ['mirror', '--image', `${nothing}:1`, '--to', nothing])
  expect(await Promise.all([mirror('http2|internal.crypto.webcrypto'), mirror('tls|crypto')])).toEqual([
    '0',
    '2',
  ])
})

it('compiles nothing that an earlier start has compiled', async () => {
  await using home = await temporaryDirectory()
  await using target = await startRegistry()
  const runBoth = async () => {
    for (const args of [LIST, mirror(`${target.host}/x`)])
      expect(await run([...command, ...args], { HOME: home.path })).toMatchObject({ exitCode: 0 })
    return keptCode(home.path)
  }
  const compiled = await runBoth()
  expect(Object.keys(compiled)).toEqual(['commands-images', 'commands-mirror', 'main'])
  expect(await runBoth()).toEqual(compiled)
})

it('hashes a large bundle in a thread, whose file it finds', async () => {
  const large = 'docker.io/library/large:5'
  const layers = [1, 2, 3, 4, 5].map(n => makeLayer(`bundled-${n}`, 16 << 20))
  await upstream.add(large, makeImage(layers, 'oci'))
  const path = directory.join('large.tar')
  const env = { HOME: directory.path }
  const save = ['bundle', 'save', '--image', large, '-o', path, ...sourceMirrors(upstream.host, [large])]
  for (const args of [save, ['bundle', 'verify', path]]) {
    const { exitCode, stdout, stderr } = await run([...command, ...args], env)
    expect({ exitCode, output: stdout + stderr }).toMatchObject({ exitCode: 0 })
  }
})

it('copies large layers in 128 MiB', async () => {
  const large = 'docker.io/library/large:1'
  await upstream.add(
    large,
    makeImage(
      [1, 2, 3].map(n => makeLayer(`large-${n}`, 16 << 20)),
      'oci',
    ),
  )
  await using target = await startRegistry()
  const args = [
    'mirror',
    '--image',
    large,
    '--to',
    `${target.host}/x`,
    ...sourceMirrors(upstream.host, [large]),
  ]
  const [program, ...rest] = [...command, ...args]
  await using running = startProcess(program!, rest, { env: { HOME: directory.path } })
  // Pages of the program itself do not count: they are of files, and the kernel drops them when memory is short.
  let peak = 0
  const sample = async () => {
    const status = await readFile(`/proc/${running.pid}/status`, 'utf8').catch(() => '')
    peak = Math.max(peak, Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0))
  }
  const timer = setInterval(() => void sample(), 20)
  const { code } = await running.exited.finally(() => clearInterval(timer))
  expect({ code, stderr: running.stderr() }).toMatchObject({ code: 0 })
  expect(peak).toBeGreaterThan(0)
  expect(peak).toBeLessThan(128 * 1024)
})
