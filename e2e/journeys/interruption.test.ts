import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { bytesOf, unique, type Image } from '../support/images.ts'
import {
  digestsOf,
  FINISHED,
  finishedUploads,
  holdUploads,
  inMidCopy,
  killInMidCopy,
} from '../support/mid-copy.ts'
import { startRegistry } from '../support/registry.ts'
import { uploadedBytes } from '../support/reverse-proxy.ts'
import { releaseImages } from '../support/release.ts'
import { startServe } from '../support/serve.ts'
import { wrongBlobs } from '../support/storage.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

describe.skipIf(needs('docker-registry'))('a copy that is interrupted', () => {
  let upstream: Upstream
  let directory: TemporaryDirectory
  let images: ReadonlyMap<string, Image>
  let input: string[]

  beforeAll(async () => {
    upstream = await startUpstream()
    directory = await temporaryDirectory()
    images = releaseImages()
    for (const [reference, image] of images) await upstream.add(reference, image)
    const list = directory.join('images.txt')
    await writeFile(list, [...images.keys()].join('\n'))
    input = ['--images', list, ...sourceMirrors(upstream.host, images.keys())]
  })

  afterAll(async () => {
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  const expectSound = async (to: string) => {
    const deep = await gpreg(['verify', ...input, '--to', to, '--deep', '--json'])
    expect(deep.exitCode, deep.stderr).toBe(0)
    expect(deep.json().totals).toMatchObject({ images: images.size, ok: images.size })
  }

  it('continues after kill -9 and sends no finished blob again', async () => {
    await using target = await startRegistry()
    await using proxy = await startFaultProxy({ to: target.url })
    const command = ['mirror', ...input, '--to', `${proxy.host}/gitpod`, '--json']

    const finished = await killInMidCopy(proxy, command)
    expect(finished.length).toBeGreaterThanOrEqual(FINISHED)

    const second = await gpreg(command)
    expect(second.exitCode, second.stderr).toBe(0)
    const blobs = unique([...images.values()].flatMap(image => image.blobs))
    const left = blobs.filter(blob => !digestsOf(finished).has(blob.digest))
    expect(digestsOf(finishedUploads(proxy.exchanges))).toEqual(digestsOf(left))
    expect(uploadedBytes(proxy.exchanges)).toBe(bytesOf(left))
    await expectSound(`${proxy.host}/gitpod`)
    expect(await wrongBlobs(target.storage)).toEqual([])
  })

  it('stops in order at the first SIGINT and says how to continue', async () => {
    await using target = await startRegistry()
    await using proxy = await startFaultProxy({ to: target.url })
    holdUploads(proxy)
    await using running = await startGpreg(['mirror', ...input, '--to', `${proxy.host}/gitpod`])
    await proxy.until(inMidCopy)
    running.signal('SIGINT')
    expect(await running.exited).toEqual({ code: 130, signal: null })
    expect(running.stderr()).toMatch(/interrupted/i)
    expect(running.stderr()).toMatch(/again/i)
    expect(await wrongBlobs(target.storage)).toEqual([])
  })

  it('leaves no corrupt blob in gpreg serve if the server is killed during a push', async () => {
    await using layout = await temporaryDirectory()
    await using server = await startServe(layout.path)
    await using proxy = await startFaultProxy({ to: new URL(`http://${server.host}`) })
    const command = ['mirror', ...input, '--to', `${proxy.host}/gitpod`, '--json']

    holdUploads(proxy)
    await using first = await startGpreg(command)
    await proxy.until(inMidCopy)
    server.process.signal('SIGKILL')
    first.signal('SIGKILL')
    await Promise.all([server.process.exited, first.exited])
    expect(await wrongBlobs(layout.path)).toEqual([])

    await using restarted = await startServe(layout.path)
    await using through = await startFaultProxy({ to: new URL(`http://${restarted.host}`) })
    const again = await gpreg(['mirror', ...input, '--to', `${through.host}/gitpod`, '--json'])
    expect(again.exitCode, again.stderr).toBe(0)
    const finished = digestsOf(finishedUploads(proxy.exchanges))
    const sentAgain = [...digestsOf(finishedUploads(through.exchanges))].filter(digest =>
      finished.has(digest),
    )
    expect(sentAgain).toEqual([])
    await expectSound(`${restarted.host}/gitpod`)
    expect(await wrongBlobs(layout.path)).toEqual([])
  })
})
