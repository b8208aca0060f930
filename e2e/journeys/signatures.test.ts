import { readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeIndex, makeLayer, type Image } from '../support/images.ts'
import { runProcess } from '../support/process.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { startServe, type Serve } from '../support/serve.ts'
import {
  cosignTag,
  findReferrers,
  makeCosignImage,
  makeReferrer,
  pushReferrer,
  type Statement,
} from '../support/signatures.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs, onPath } from '../support/tools.ts'
import { pushImage, startUpstream, type Upstream } from '../support/upstream.ts'

const NAME = 'docker.io/library/app'
const SIGNATURE: Statement = { artifactType: 'application/vnd.example.signature', payload: 'signed: index' }
const SBOM: Statement = { artifactType: 'application/spdx+json', payload: '{"spdxVersion":"SPDX-2.3"}' }
const OF_SBOM: Statement = { artifactType: 'application/vnd.example.signature', payload: 'signed: sbom' }
const OF_CHILD: Statement = { artifactType: 'application/vnd.example.signature', payload: 'signed: amd64' }

/** Finds the `oras` command, which makes and finds referrers if it is installed. Otherwise our own client does. */
const TOOLS = [process.env['PATH'] ?? '', join(homedir(), 'go/bin'), join(homedir(), 'gobin')].join(delimiter)
const oras = onPath('oras', TOOLS)
const runOras = async (args: readonly string[], cwd?: string) => {
  const run = await runProcess('oras', args, {
    env: { ...process.env, PATH: TOOLS },
    ...(cwd ? { cwd } : {}),
  })
  expect(run.exitCode, run.stderr).toBe(0)
  return run.stdout
}

describe.skipIf(needs('docker-registry'))(`signatures, made by ${oras ? 'oras' : 'our own fixture'}`, () => {
  let directory: TemporaryDirectory
  let upstream: Upstream
  let internal: Registry
  let serve: Serve
  let index: Image
  let child: Image
  let tags: Map<string, Image>
  let expected: { index: string[]; child: string[] }

  beforeAll(async () => {
    directory = await temporaryDirectory()
    upstream = await startUpstream()
    internal = await startRegistry()
    serve = await startServe(directory.join('layout'))
    child = makeImage([makeLayer('amd64', 2000)])
    const arm = makeImage([makeLayer('arm64', 2000)], 'oci', { os: 'linux', architecture: 'arm64' })
    index = makeIndex([
      [{ os: 'linux', architecture: 'amd64' }, child],
      [{ os: 'linux', architecture: 'arm64' }, arm],
    ])
    await upstream.add(`${NAME}:1`, index)
    const simple = 'application/vnd.dev.cosign.simplesigning.v1+json'
    tags = new Map([
      [cosignTag(index.manifest.digest, 'sig'), makeCosignImage(simple, '{"critical":{}}')],
      [
        cosignTag(index.manifest.digest, 'att'),
        makeCosignImage('application/vnd.dsse.envelope.v1+json', '{"payload":""}'),
      ],
      [
        cosignTag(index.manifest.digest, 'sbom'),
        makeCosignImage('text/spdx+json', '{"spdxVersion":"SPDX-2.2"}'),
      ],
      [cosignTag(child.manifest.digest, 'sig'), makeCosignImage(simple, '{"critical":{"child":true}}')],
    ])
    for (const [tag, image] of tags) await pushImage(upstream.url, `${NAME}:${tag}`, image)
    await attach(index.manifest, SIGNATURE)
    const sbom = await attach(index.manifest, SBOM)
    await attach(sbom, OF_SBOM)
    await attach(child.manifest, OF_CHILD)
    expected = {
      index: await findReferrers(upstream.url, NAME, index.manifest.digest),
      child: await findReferrers(upstream.url, NAME, child.manifest.digest),
    }
  })

  afterAll(async () => {
    await serve?.[Symbol.asyncDispose]()
    await internal?.stop()
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  /** Attaches a referrer to an image of the source. */
  async function attach(subject: Image['manifest'], statement: Statement): Promise<Image['manifest']> {
    if (!oras) {
      const referrer = makeReferrer(subject, statement)
      await pushReferrer(upstream.url, NAME, subject, referrer, statement)
      return referrer.manifest
    }
    await writeFile(directory.join('payload'), statement.payload)
    const made = await runOras(
      [
        'attach',
        '--plain-http',
        '--format',
        'json',
        '--artifact-type',
        statement.artifactType,
        `${upstream.host}/${NAME}@${subject.digest}`,
      ].concat('payload'),
      directory.path,
    )
    const { digest, mediaType, size } = JSON.parse(made) as {
      digest: string
      mediaType: string
      size: number
    }
    return { digest, mediaType, bytes: Buffer.alloc(size) }
  }

  const mirror = (from: string, to: string, ...more: string[]) =>
    gpreg([
      'mirror',
      '--image',
      `${NAME}:1`,
      '--source-mirror',
      `${NAME}=${from}`,
      '--to',
      to,
      '--json',
      ...more,
    ])

  async function expectAll(url: URL, repository: string): Promise<void> {
    expect(expected.index).toHaveLength(3)
    expect(expected.child).toHaveLength(1)
    expect(await findReferrers(url, repository, index.manifest.digest)).toEqual(expected.index)
    expect(await findReferrers(url, repository, child.manifest.digest)).toEqual(expected.child)
    for (const [tag, image] of tags) {
      const answer = await fetch(new URL(`/v2/${repository}/manifests/${tag}`, url), {
        headers: { accept: image.manifest.mediaType },
      })
      expect(await answer.text()).toBe(image.manifest.bytes.toString())
    }
    if (!oras) return
    const tree = await runOras([
      'discover',
      '--plain-http',
      '--format',
      'json',
      `${url.host}/${repository}@${index.manifest.digest}`,
    ])
    for (const digest of expected.index) expect(tree).toContain(digest)
  }

  it('are copied from registry to registry, to gpreg serve, into its layout and back', async () => {
    expect((await mirror(`${upstream.host}/${NAME}`, `${internal.host}/one`)).exitCode).toBe(0)
    await expectAll(internal.url, 'one/library/app')

    expect((await mirror(`${internal.host}/one/library/app`, `${serve.host}/two`)).exitCode).toBe(0)
    await expectAll(new URL(`http://${serve.host}`), 'two/library/app')
    await serve[Symbol.asyncDispose]()

    // The data of gpreg serve is a layout, which another process reads here.
    await using layout = await startServe(directory.join('layout'), '--read-only')
    await expectAll(new URL(`http://${layout.host}`), 'two/library/app')
    await using back = await startRegistry()
    expect((await mirror(`${layout.host}/two/library/app`, `${back.host}/three`)).exitCode).toBe(0)
    await expectAll(back.url, 'three/library/app')
  })

  it('are pinned by a lock, and a mirror with this lock copies exactly these', async () => {
    const lock = directory.join('lock.json')
    const from = ['--image', `${NAME}:1`, '--source-mirror', `${NAME}=${upstream.host}/${NAME}`]
    const locked = await gpreg(['lock', ...from, '-o', lock])
    expect(locked.exitCode, locked.stderr).toBe(0)
    const text = await readFile(lock, 'utf8')
    for (const digest of [...expected.index, ...expected.child]) expect(text).toContain(digest)
    const later = { artifactType: 'application/vnd.example.late', payload: 'late' }
    const late = await attach(index.manifest, later)

    const args = ['mirror', '--lock', lock, '--source-mirror', `${NAME}=${upstream.host}/${NAME}`]
    const run = await gpreg([...args, '--to', `${internal.host}/locked`, '--json'])
    expect(run.exitCode, run.stderr).toBe(0)
    await expectAll(internal.url, 'locked/library/app')

    const again = await mirror(`${upstream.host}/${NAME}`, `${internal.host}/locked`)
    expect(again.json().totals.upToDate).toBe(1)
    await expectAll(internal.url, 'locked/library/app')
    const refreshed = await mirror(
      `${upstream.host}/${NAME}`,
      `${internal.host}/locked`,
      '--refresh-referrers',
    )
    expect(refreshed.exitCode, refreshed.stderr).toBe(0)
    expect(await findReferrers(internal.url, 'locked/library/app', index.manifest.digest)).toEqual(
      [...expected.index, late.digest].toSorted(),
    )
  })

  it('are not copied with --no-referrers', async () => {
    expect(
      (await mirror(`${upstream.host}/${NAME}`, `${internal.host}/none`, '--no-referrers')).exitCode,
    ).toBe(0)
    expect(await findReferrers(internal.url, 'none/library/app', index.manifest.digest)).toEqual([])
  })

  it('that cannot be listed are unknown, which is an error only if they are required', async () => {
    const started = performance.now()
    await using proxy = await startFaultProxy({ to: upstream.url })
    proxy.inject({
      path: new RegExp(`manifests/${index.manifest.digest.replace(':', '-')}$`),
      times: Infinity,
      fault: { kind: 'status', status: 403 },
    })
    const required = await mirror(`${proxy.host}/${NAME}`, `${internal.host}/broken`, '--require-referrers')
    expect(required.exitCode).toBe(5)
    expect(required.json().images[0]).toMatchObject({ status: 'failed', error: { code: 'forbidden' } })
    const run = await mirror(`${proxy.host}/${NAME}`, `${internal.host}/broken`)
    expect(run.exitCode, run.stderr).toBe(0)
    expect(run.json().images[0]).toMatchObject({ status: 'copied', referrers: 'unknown' })
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
