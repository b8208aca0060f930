import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CREDENTIALS } from '../support/disk-registry.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer, type Image } from '../support/images.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { expectImage } from '../support/skopeo.ts'
import { startSlowLine } from '../support/slow-line.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { startTokenProxy, type TokenProxyOptions } from '../support/token-proxy.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six']
/** The line is so slow that the copy takes about twice the lifetime of a 5 s token. */
const LAYER_BYTES = 2_000_000
const BYTES_PER_SECOND = (NAMES.length * LAYER_BYTES) / 10

describe.skipIf(needs('docker-registry', 'skopeo'))('a registry that requires tokens', () => {
  let directory: TemporaryDirectory
  let upstream: Upstream
  let target: Registry
  let images: Map<string, Image>
  let runs = 0

  beforeAll(async () => {
    directory = await temporaryDirectory()
    upstream = await startUpstream()
    target = await startRegistry()
    images = new Map(NAMES.map(name => [name, makeImage([makeLayer(name, LAYER_BYTES)])]))
    for (const [name, image] of images) await upstream.add(`docker.io/library/${name}:1`, image)
  })

  afterAll(async () => {
    await target?.stop()
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  /** Mirrors between two registries that require tokens. The line from the source is slow. */
  const mirror = async (options: Pick<TokenProxyOptions, 'life' | 'claims' | 'grants'>, names = NAMES) => {
    const prefix = `run-${++runs}`
    await using line = await startSlowLine(upstream.url, BYTES_PER_SECOND)
    await using from = await startTokenProxy({
      ...options,
      to: new URL(`http://${line.host}`),
      credentials: CREDENTIALS,
    })
    await using to = await startTokenProxy({ ...options, to: target.url, credentials: CREDENTIALS })
    const authfile = directory.join(`${prefix}.json`)
    const auth = Buffer.from(`${CREDENTIALS.username}:${CREDENTIALS.password}`).toString('base64')
    await writeFile(authfile, JSON.stringify({ auths: { [from.host]: { auth }, [to.host]: { auth } } }))
    const started = performance.now()
    const run = await gpreg(
      ['mirror', ...names.flatMap(name => ['--image', `docker.io/library/${name}:1`])].concat(
        ['--source-mirror', `docker.io=${from.host}/docker.io`, '--to', `${to.host}/${prefix}`],
        // Few transfers at once, so that the last ones begin after the first tokens have expired.
        ['--authfile', authfile, '--json', '--concurrency', '4'],
      ),
    )
    return { run, from, to, seconds: (performance.now() - started) / 1000, prefix }
  }

  it.concurrent.each<[string, Pick<TokenProxyOptions, 'life' | 'claims'>]>([
    ['that are valid for 5 s', { life: 5000 }],
    ['that expire sooner than announced', { life: 2500, claims: 300 }],
  ])('%s: gpreg gets new ones until the end of the copy', async (_, options) => {
    const { run, from, to, seconds, prefix } = await mirror(options)
    expect(run.exitCode, run.stderr + run.stdout).toBe(0)
    expect(seconds).toBeGreaterThan(5)
    // one for each repository, and more after the first ones expired
    expect(from.issued()).toBeGreaterThan(NAMES.length)
    if (options.claims === undefined) expect(from.expired() + to.expired()).toBe(0)
    else expect(from.expired() + to.expired()).toBeGreaterThan(0)
    for (const [name, image] of images) await expectImage(`${target.host}/${prefix}/library/${name}:1`, image)
  })

  it.concurrent('for something else is not asked for ever', async () => {
    const { run, from } = await mirror({ life: 60_000, grants: 'repository:other:pull' }, ['one'])
    expect(run.exitCode).toBe(5)
    expect(run.json().images[0].error).toMatchObject({
      code: 'unauthorized',
      hint: expect.stringMatching(/\w/),
    })
    expect(from.issued()).toBeLessThan(5)
  })
})
