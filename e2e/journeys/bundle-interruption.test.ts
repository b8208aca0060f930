import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { bytesOf, makeImage, makeLayer, type Image } from '../support/images.ts'
import { mustRun } from '../support/process.ts'
import { startRegistry } from '../support/registry.ts'
import { releaseImages } from '../support/release.ts'
import { startSlowLine, type SlowLine } from '../support/slow-line.ts'
import { canMount, smallDisk } from '../support/small-disk.ts'
import { wrongBlobs } from '../support/storage.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

const MOMENTS = 4

describe.skipIf(needs('docker-registry'))('a bundle that is interrupted', () => {
  let upstream: Upstream
  let line: SlowLine
  let directory: TemporaryDirectory
  let images: Map<string, Image>
  let lock: string
  let undisturbed: string
  let bytes: number

  const saveTo = (path: string, at: string, ...more: string[]) => [
    ...['bundle', 'save', '--lock', lock, ...sourceMirrors(at, images.keys()), '-o', path, '--json'],
    ...more,
  ]

  beforeAll(async () => {
    upstream = await startUpstream()
    line = await startSlowLine(upstream.url, 8_000_000)
    directory = await temporaryDirectory()
    images = new Map([
      ...releaseImages(),
      ['docker.io/library/large:1', makeImage([makeLayer('large', 9_500_000)])],
    ])
    for (const [reference, image] of images) await upstream.add(reference, image)
    bytes = bytesOf([...images.values()].flatMap(({ blobs }) => blobs))
    const list = directory.join('images.txt')
    await writeFile(list, [...images.keys()].join('\n'))
    lock = directory.join('gpreg.lock.json')
    await gpreg(['lock', '--images', list, ...sourceMirrors(upstream.host, images.keys()), '-o', lock])
    undisturbed = directory.join('undisturbed.tar')
    const run = await gpreg(saveTo(undisturbed, upstream.host))
    expect(run.exitCode, run.stderr).toBe(0)
  })

  afterAll(async () => {
    await line?.[Symbol.asyncDispose]()
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  /** Kills a command after this time. True if it was still running. */
  const killAfter = async (args: string[], milliseconds: number): Promise<boolean> => {
    const running = await startGpreg(args)
    await Promise.race([running.exited, sleep(milliseconds)])
    running.signal('SIGKILL')
    return (await running.exited).signal === 'SIGKILL'
  }

  /** Compares the joined volumes with the tar of an undisturbed save. */
  const isSame = (path: string) => mustRun('sh', ['-c', `cat ${path}.0* | cmp - ${undisturbed}`])

  /** Random moments within a run of this length. */
  const momentsOf = (milliseconds: number) =>
    Array.from(
      { length: MOMENTS },
      (_, nth) => 300 + ((nth + Math.random()) / MOMENTS) * (milliseconds - 300),
    )

  it('is complete and byte for byte the same after kill -9 at moments all over a save', async () => {
    const started = performance.now()
    await gpreg(saveTo(directory.join('timed.tar'), line.host))
    let killed = 0
    for (const [nth, moment] of momentsOf(performance.now() - started).entries()) {
      const path = directory.join(`killed-${nth}.tar`)
      if (await killAfter(saveTo(path, line.host, '--volume-size', '4MB'), moment)) {
        killed++
        // The sidecar is written last. If it exists, the bundle must be complete.
        if ((await readdir(directory.path)).includes(`killed-${nth}.tar.manifest.json`)) await isSame(path)
      }
      const again = await gpreg(saveTo(path, upstream.host, '--volume-size', '4MB'))
      expect(again.exitCode, `killed after ${moment} ms: ${again.stderr}`).toBe(0)
      await isSame(path)
      expect((await readdir(directory.path)).filter(name => name.includes('.partial'))).toEqual([])
    }
    expect(killed).toBeGreaterThanOrEqual(MOMENTS / 2)
  })

  it('loads completely after kill -9 at moments all over a load', async () => {
    const started = performance.now()
    const load = (to: string) => ['bundle', 'load', undisturbed, '--to', `${to}/gitpod`, '--json']
    {
      await using timed = await startRegistry()
      await gpreg(load(timed.host))
    }
    for (const moment of momentsOf(performance.now() - started)) {
      await using target = await startRegistry()
      await killAfter(load(target.host), moment)
      const again = await gpreg(load(target.host))
      expect(again.exitCode, `killed after ${moment} ms: ${again.stderr}`).toBe(0)
      const checked = await gpreg([
        'verify',
        '--bundle',
        undisturbed,
        '--to',
        `${target.host}/gitpod`,
        '--json',
      ])
      expect(checked.json().totals).toMatchObject({ images: images.size, ok: images.size })
      expect(await wrongBlobs(target.storage)).toEqual([])
    }
  })

  it('downloads only the missing rest of a blob', async () => {
    const path = directory.join('rest.tar')
    await using first = await startGpreg(saveTo(path, line.host))
    const journal = `${path}.partial/journal`
    await mustRun('sh', [
      '-c',
      `until [ "$(grep -c ' 8[0-9]\\{6\\}$' ${journal} 2>/dev/null)" -ge 1 ]; do sleep 0.02; done`,
    ])
    first.signal('SIGKILL')
    await first.exited
    const again = await gpreg(saveTo(path, upstream.host))
    expect(again.exitCode, again.stderr).toBe(0)
    expect(again.json().totals.bytes.sent).toBeLessThan(bytes - 8_000_000)
    await mustRun('cmp', [path, undisturbed])
  })

  it.skipIf(!canMount)('names the missing disk space, before a save and during it', async () => {
    await using disk = await smallDisk(directory.join('disk'), '4m')
    const path = `${disk.path}/x.tar`
    const before = await gpreg(saveTo(path, upstream.host))
    expect([before.exitCode, before.json().error.code]).toEqual([2, 'storage'])
    expect(before.json().error.message).toMatch(/needs \d+ bytes and its disk has \d+ free: \d+ are missing/)

    await disk.resize('40m')
    await using running = await startGpreg(saveTo(path, line.host))
    await mustRun('sh', [
      '-c',
      `until [ "$(wc -l < ${path}.partial/journal 2>/dev/null || echo 0)" -gt 10 ]; do sleep 0.02; done`,
    ])
    await mkdir(`${disk.path}/others`)
    await mustRun('sh', ['-c', `dd if=/dev/zero of=${disk.path}/others/file bs=1M 2>/dev/null || true`])
    expect((await running.exited).code).toBe(2)
    expect(JSON.parse(running.stdout()).error.message).toMatch(
      /disk of .* is full: \d+ bytes more are needed/,
    )
    await mustRun('rm', ['-r', `${disk.path}/others`])
    const again = await gpreg(saveTo(path, upstream.host))
    expect(again.exitCode, again.stderr).toBe(0)
    await mustRun('cmp', [path, undisturbed])
  })
})
