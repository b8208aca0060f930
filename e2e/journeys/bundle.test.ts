import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { bytesOf, type Image } from '../support/images.ts'
import { mustRun } from '../support/process.ts'
import { startRegistry } from '../support/registry.ts'
import { releaseImages } from '../support/release.ts'
import { startServe } from '../support/serve.ts'
import { expectImage, inspectRaw, skopeoCopy } from '../support/skopeo.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs, onPath } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

describe.skipIf(needs('docker-registry', 'openssl', 'skopeo'))('a bundle', () => {
  let upstream: Upstream
  let directory: TemporaryDirectory
  let images: ReadonlyMap<string, Image>
  let from: string[]
  let lock: string
  let saved: string

  const save = (path: string, ...more: string[]) =>
    gpreg(['bundle', 'save', '--lock', lock, ...from, '-o', path, '--json', ...more])

  beforeAll(async () => {
    upstream = await startUpstream()
    directory = await temporaryDirectory()
    images = releaseImages()
    for (const [reference, image] of images) await upstream.add(reference, image)
    const list = directory.join('images.txt')
    await writeFile(list, [...images.keys()].join('\n'))
    from = sourceMirrors(upstream.host, images.keys())
    lock = directory.join('gpreg.lock.json')
    const locked = await gpreg(['lock', '--images', list, ...from, '-o', lock])
    expect(locked.exitCode, locked.stderr).toBe(0)
    saved = directory.join('release.tar')
    const run = await save(saved)
    expect(run.exitCode, run.stderr).toBe(0)
    const unique = bytesOf([...images.values()].flatMap(image => image.blobs))
    expect(run.json().totals).toMatchObject({ copied: images.size, failed: 0, bytes: { sent: unique } })
    // Manifests, headers and the lock of these small images take about 100 KB.
    expect((await stat(saved)).size).toBeLessThan(unique + 150_000)
  })

  afterAll(async () => {
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  it('is a tar that other tools read, with the same bytes every time', async () => {
    const listing = await mustRun('tar', ['tf', saved])
    expect(listing.split('\n').slice(0, 3)).toEqual(['oci-layout', 'gpreg.lock.json', 'index.json'])
    const again = directory.join('again.tar')
    const run = await save(again)
    expect(run.exitCode, run.stderr).toBe(0)
    await mustRun('cmp', [saved, again])
    const name = 'quay.io/brancz/kube-rbac-proxy:v0.12.0'
    const { digest, bytes } = images.get(name)!.manifest
    expect(await inspectRaw(`oci-archive:${saved}:brancz/kube-rbac-proxy:v0.12.0`), digest).toBe(`${bytes}`)
  })

  it('can be saved in volumes that join to the same tar, and a second save changes nothing', async () => {
    const base = directory.join('volumes', 'release.tar')
    await mustRun('mkdir', [directory.join('volumes')])
    const run = await save(base, '--volume-size', '1MB')
    expect(run.exitCode, run.stderr).toBe(0)
    const { volumes } = run.json()
    expect(volumes.length).toBeGreaterThan(1)
    const whole = await Promise.all(
      volumes.map(({ name }: { name: string }) => readFile(directory.join('volumes', name))),
    )
    expect(Buffer.concat(whole).equals(await readFile(saved))).toBe(true)
    expect(await readdir(directory.join('volumes'))).not.toContain('release.tar.partial')
    const again = await save(base, '--volume-size', '1MB')
    expect(again.json().totals).toMatchObject({ copied: 0, upToDate: images.size, bytes: { sent: 0 } })
  })

  it('loads from volumes in any order, passes verify there, and is served from its volumes', async () => {
    await using target = await startRegistry()
    const volumes = (await readdir(directory.join('volumes'))).filter(name => /\.\d{3}$/.test(name))
    const paths = volumes.toReversed().map(name => directory.join('volumes', name))
    const receipt = directory.join('receipt.json')
    const to = `${target.host}/gitpod`
    const run = await gpreg([
      'bundle',
      'load',
      ...paths,
      '--to',
      to,
      '--receipt',
      receipt,
      '--verify-first',
      '--json',
    ])
    expect(run.exitCode, run.stderr).toBe(0)
    expect(run.json()).toMatchObject({ kind: 'MirrorResult', totals: { copied: images.size, failed: 0 } })
    for (const { source, target: name } of run.json().images) await expectImage(name, images.get(source)!)
    const verified = await gpreg(['verify', '--bundle', saved, '--to', to, '--deep', '--json'])
    expect(verified.exitCode, verified.stderr).toBe(0)
    expect(verified.json().totals).toMatchObject({ images: images.size, ok: images.size })

    await using server = await startServe(saved)
    const mysql = images.get('docker.io/library/mysql:5.7.34')!
    await expectImage(`${server.host}/library/mysql:5.7.34`, mysql)
    await skopeoCopy(`docker://${server.host}/library/mysql:5.7.34`, `dir:${directory.join('mysql')}`)
    if (onPath('crane')) {
      const name = `${server.host}/library/mysql:5.7.34`
      expect(await mustRun('crane', ['digest', '--insecure', name])).toBe(`${mysql.manifest.digest}\n`)
      await mustRun('crane', ['pull', '--insecure', name, directory.join('mysql.tar')])
    }
  })

  it('is a directory that skopeo reads, and directories of skopeo and oras load, too', async () => {
    const layout = directory.join('layout')
    const run = await save(`${layout}/`)
    expect(run.exitCode, run.stderr).toBe(0)
    const [oci, docker] = ['quay.io/brancz/kube-rbac-proxy:v0.12.0', 'docker.io/library/mysql:5.7.34']
    await skopeoCopy(`oci:${layout}:brancz/kube-rbac-proxy:v0.12.0`, `dir:${directory.join('out')}`)
    const checked = await gpreg(['bundle', 'verify', layout, '--json'])
    expect(checked.json()).toMatchObject({ problems: [], totals: { images: images.size } })

    await using target = await startRegistry()
    const theirs = directory.join('theirs')
    await skopeoCopy(`docker://${upstream.host}/${oci}`, `oci:${theirs}:brancz/kube-rbac-proxy:v0.12.0`)
    // A bare tag, as oras writes it, belongs to the repository that --to names.
    await skopeoCopy(`docker://${upstream.host}/${oci}`, `oci:${theirs}:plain`)
    if (onPath('oras')) {
      const source = `${upstream.host}/${docker}`
      await mustRun('oras', ['cp', '--from-plain-http', source, '--to-oci-layout', `${theirs}:oras`])
    }
    const loaded = await gpreg(['bundle', 'load', theirs, '--to', `${target.host}/gitpod`, '--json'])
    expect(loaded.exitCode, loaded.stderr).toBe(0)
    await expectImage(`${target.host}/gitpod/brancz/kube-rbac-proxy:v0.12.0`, images.get(oci)!)
    await expectImage(`${target.host}/gitpod:plain`, images.get(oci)!)
    if (onPath('oras')) await expectImage(`${target.host}/gitpod:oras`, images.get(docker)!)

    const unpacked = directory.join('unpacked')
    const unpack = await gpreg(['bundle', 'load', saved, '--to-layout', unpacked, '--json'])
    expect(unpack.exitCode, unpack.stderr).toBe(0)
    await mustRun('diff', ['-r', `${unpacked}/blobs`, `${layout}/blobs`])
    await mustRun('cmp', [`${unpacked}/index.json`, `${layout}/index.json`])
  })

  it('can be planned without a write, and inspect lists its content', async () => {
    const planned = directory.join('planned.tar')
    const plan = await save(planned, '--dry-run')
    expect(plan.json()).toMatchObject({ kind: 'MirrorPlan', totals: { toCopy: images.size } })
    expect(plan.json().disk.needed).toBe((await stat(saved)).size)
    expect(await readdir(directory.path)).not.toContain('planned.tar.partial')
    const { images: listed, totals } = (await gpreg(['bundle', 'inspect', saved, '--json'])).json()
    expect(totals.images).toBe(images.size)
    const redis = listed.find(({ source }: { source: string }) => source === 'docker.io/library/redis:6.2')
    expect(redis).toMatchObject({
      paths: ['library/redis:6.2'],
      platforms: ['linux/amd64', 'linux/arm64/v8'],
    })
  })

  it('contains the tool, which runs on a machine without node', async () => {
    const path = directory.join('with-tool', 'release.tar')
    await mustRun('mkdir', [directory.join('with-tool')])
    const run = await save(path, '--include-tool')
    expect(run.exitCode, run.stderr).toBe(0)
    const { tool } = run.json()
    await mustRun('tar', ['xzf', directory.join('with-tool', tool), '-C', directory.join('with-tool')])
    const command = directory.join('with-tool', 'gpreg', 'gpreg')
    // The path contains only programs of a bare system, so that neither Node nor gpreg can be found.
    const bare = { PATH: directory.join('bare'), HOME: directory.path }
    await mustRun('mkdir', [directory.join('bare')])
    for (const name of ['sh', 'dirname', 'readlink'])
      await mustRun('sh', ['-c', `ln -s "$(command -v ${name})" ${directory.join('bare')}/`])
    const inspected = await mustRun(command, ['bundle', 'inspect', path, '--json'], { env: bare })
    expect(JSON.parse(inspected).totals.images).toBe(images.size)
    await using target = await startRegistry()
    await mustRun(command, ['bundle', 'load', path, '--to', `${target.host}/gitpod`], { env: bare })
  })
})
