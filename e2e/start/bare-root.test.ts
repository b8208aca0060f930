import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { mustRun, runProcess, startProcess } from '../support/process.ts'
import { startRegistry } from '../support/registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { isRoot, onPath } from '../support/tools.ts'
import { sourceMirrors, startUpstream } from '../support/upstream.ts'

/** All that a bare host has: the libraries that Node needs, a shell, and `readlink` and `dirname` for the launcher. */
const DEBIAN = ['libc6', 'libstdc++6', 'libgcc-s1', 'dash', 'coreutils']
const IMAGE = 'docker.io/library/redis:6.2'

describe.skipIf(!isRoot || !onPath('dpkg'))('the archive of --include-tool on a bare host', () => {
  let directory: TemporaryDirectory
  let root: string
  beforeAll(async () => {
    directory = await temporaryDirectory()
    root = directory.join('root')
    await makeBareRoot(directory, root)
    await using upstream = await startUpstream()
    await upstream.add(IMAGE, makeImage([makeLayer('redis', 100_000)], 'oci'))
    const bundle = join(root, 'media/release.tar')
    const saved = await gpreg([
      'bundle',
      'save',
      '--image',
      IMAGE,
      '-o',
      bundle,
      '--include-tool',
      '--json',
      ...sourceMirrors(upstream.host, [IMAGE]),
    ])
    expect(saved.exitCode, saved.stderr).toBe(0)
    await mustRun('tar', ['xzf', join(root, 'media', saved.json().tool), '-C', root])
  })
  afterAll(() => directory?.[Symbol.asyncDispose]())

  const inRoot = (...args: string[]) => ['chroot', root, '/gpreg/gpreg', ...args] as const
  const run = async (...args: string[]) => {
    const [program, ...rest] = inRoot(...args)
    const { exitCode, stdout, stderr } = await runProcess(program, rest, {
      env: { PATH: process.env['PATH'] },
    })
    expect(exitCode, stderr).toBe(0)
    return stdout
  }

  it('lists images', async () =>
    expect(await run('images', '--image', 'redis')).toContain('docker.io/library/redis:latest'))

  it('loads a bundle', async () => {
    await using target = await startRegistry()
    const to = `${target.host}/x`
    expect(
      JSON.parse(await run('bundle', 'load', '/media/release.tar', '--to', to, '--json')).totals,
    ).toMatchObject({ copied: 1 })
  })

  it('serves a bundle', async () => {
    const [program, ...rest] = inRoot('serve', '/media/release.tar', '--listen', '127.0.0.1:0')
    await using server = startProcess(program, rest, { env: { PATH: process.env['PATH'] } })
    const [host] = await server.output(/127\.0\.0\.1:[1-9]\d*/)
    const tags = await fetch(`http://${host}/v2/library/redis/tags/list`)
    expect(await tags.json()).toMatchObject({ tags: ['6.2'] })
  })
})

/** Unpacks Debian packages into an empty folder: nothing is configured, there is neither /proc nor /etc/passwd. */
async function makeBareRoot(directory: TemporaryDirectory, root: string): Promise<void> {
  const packages = directory.join('packages')
  for (const each of [packages, root, join(root, 'media')]) await mkdir(each, { recursive: true })
  await mustRun('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...DEBIAN], { cwd: packages })
  for (const name of await readdir(packages)) await mustRun('dpkg', ['-x', join(packages, name), root])
  // A script of the package `dash` makes this link, and no script has run. Newer packages bring it.
  await symlink('dash', join(root, 'bin/sh')).catch(() => {})
}
