import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCountingProxy } from '../support/counting-proxy.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { bytesOf, makeImage, makeLayer, unique, type Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { wrongContent } from '../support/registry-content.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

const COUNT = 3

/** Twelve images in ten repositories. Two of three layers are shared, so that most images need blobs of every shard. */
function sharedImages(): Map<string, Image> {
  const layers = Array.from({ length: 9 }, (_, index) => makeLayer(`layer-${index}`, (index + 1) * 30_000))
  return new Map(
    Array.from({ length: 12 }, (_, index) => {
      const own = makeLayer(`own-${index}`, (index % 4) * 20_000 + 1000)
      const image = makeImage([layers[index % 9]!, layers[(index * 2 + 1) % 9]!, own])
      return [`docker.io/team/app-${Math.min(index, 9)}:${index}`, image]
    }),
  )
}

describe.skipIf(needs('docker-registry'))('a mirror in shards', () => {
  let upstream: Upstream
  let directory: TemporaryDirectory
  const images = sharedImages()
  const blobs = unique([...images.values()].flatMap(image => image.blobs))
  let input: string[]

  beforeAll(async () => {
    upstream = await startUpstream()
    directory = await temporaryDirectory()
    await Promise.all([...images].map(([reference, image]) => upstream.add(reference, image)))
    const [list, lock] = [directory.join('images.txt'), directory.join('gpreg.lock.json')]
    await writeFile(list, [...images.keys()].join('\n'))
    const mirrors = sourceMirrors(upstream.host, images.keys())
    const locked = await gpreg(['lock', '--images', list, ...mirrors, '-o', lock])
    expect(locked.exitCode, locked.stderr).toBe(0)
    input = ['mirror', '--lock', lock, ...mirrors, '--json']
  })

  afterAll(async () => {
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  const expectWhole = async (host: string) => {
    for (const [reference, image] of images) {
      const name = reference.replace('docker.io', `${host}/gitpod`)
      expect(await wrongContent(name, image)).toEqual([])
    }
  }

  it.concurrent('sends each blob once, in shares of about the same size', async () => {
    await using target = await startRegistry()
    await using witness = await startCountingProxy({ to: target.url })
    // By the index of a Job, as in a pod.
    const runs = await Promise.all(
      [0, 1, 2].map(index =>
        gpreg([...input, '--to', `${witness.host}/gitpod`, '--shard', `${COUNT}`], {
          env: { JOB_COMPLETION_INDEX: `${index}` },
        }),
      ),
    )
    for (const { exitCode, stderr } of runs) expect(exitCode, stderr).toBe(0)
    const results = runs.map(run => run.json())
    await expectWhole(target.host)
    const total = bytesOf(blobs)
    expect(witness.blobBytesReceived()).toBe(total)
    expect(results.map(({ totals }) => totals.bytes.unique)).toEqual([total, total, total])
    const sent = results.map(({ totals, shard }) => {
      expect(shard).toMatchObject({ count: COUNT, own: totals.bytes.sent, takenOver: 0 })
      return totals.bytes.sent as number
    })
    expect(sent.reduce((sum, bytes) => sum + bytes)).toBe(total)
    expect(Math.max(...sent)).toBeLessThanOrEqual((1.15 * total) / COUNT)
    expect(results.flatMap(result => result.images)).toHaveLength(images.size)
  })

  it.concurrent(
    'takes over from a shard that is killed, which finds all of its blobs when it starts again',
    async () => {
      await using target = await startRegistry()
      await using witness = await startCountingProxy({ to: target.url })
      // The way of the second shard stops in its second upload.
      await using broken = await startFaultProxy({ to: target.url })
      const path = /\/blobs\/uploads\/[^/]+$/
      broken.inject({
        path,
        method: 'PUT',
        skip: 1,
        times: Infinity,
        fault: { kind: 'stall-request', after: 1000 },
      })
      await using killed = await startGpreg([...input, '--to', `${broken.host}/gitpod`, '--shard', '2/2'])
      await broken.until(exchanges => exchanges.some(({ status, received }) => status === 0 && received > 0))
      killed.signal('SIGKILL')
      await killed.exited
      const shard = (index: number) =>
        gpreg([...input, '--to', `${witness.host}/gitpod`, '--shard', `${index}/2`, '--shard-patience', '0s'])
      const runs = [await shard(1), await shard(2)]
      for (const { exitCode, stderr } of runs) expect(exitCode, stderr).toBe(0)
      expect(runs[0]!.json().shard.takenOver).toBeGreaterThan(0)
      expect(runs[0]!.stderr).toContain('shard 2/2 has sent nothing')
      expect(runs[1]!.json().shard.takenOver).toBe(0)
      await expectWhole(target.host)
    },
  )
})
