import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pseudoRandomLayer } from '../bench/stock.ts'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import { makeImage, type Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { startReverseProxy, uploadedBytes, type Exchange } from '../support/reverse-proxy.ts'
import { startServe } from '../support/serve.ts'
import { expectImage } from '../support/skopeo.ts'
import { startSlowLine } from '../support/slow-line.ts'
import { wrongBlobs } from '../support/storage.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const SIZE = 120_000_000
const CHUNK = 4 * 1024 * 1024

describe.skipIf(needs('docker-registry', 'skopeo'))('a chunk torn on a thin line to the target', () => {
  let upstream: Upstream
  let image: Image

  beforeAll(async () => {
    upstream = await startUpstream()
    image = makeImage([pseudoRandomLayer('torn', SIZE)])
    await upstream.add('docker.io/library/torn:1', image)
  })
  afterAll(() => upstream?.stop())

  /** Kills a copy in the middle of a late chunk and runs it again. Returns the part of the layer that was sent again. */
  const sentAgain = async (target: URL, journal: string): Promise<number> => {
    await using proxy = await startReverseProxy({ to: target })
    await using line = await startSlowLine(new URL(`http://${proxy.host}`), 9_000_000)
    const to = `${line.host}/gitpod`
    const from = ['--source-mirror', `docker.io=${upstream.host}/docker.io`]
    const command = ['mirror', '--image', 'docker.io/library/torn:1', ...from, '--to', to, '--json']
    const env = { GPREG_UPLOAD_JOURNAL: journal }
    await using first = await startGpreg(command, { env })
    await proxy.until(exchanges => uploadedBytes(exchanges) > 0.8 * SIZE && isHalfway(exchanges.at(-1)!))
    first.signal('SIGKILL')
    await first.exited
    await proxy.until(exchanges => exchanges.at(-1)!.closed)
    const before = uploadedBytes(proxy.exchanges)
    proxy.clear()
    const second = await gpreg(command, { env })
    expect(second.exitCode, second.stderr).toBe(0)
    await expectImage(`${to}/library/torn:1`, image)
    return (before + uploadedBytes(proxy.exchanges) - SIZE) / SIZE
  }

  it.concurrent('continues in gpreg serve at the byte where it was torn', async () => {
    await using directory = await temporaryDirectory()
    await using server = await startServe(directory.join('layout'))
    expect(await sentAgain(new URL(`http://${server.host}`), directory.join('journal'))).toBeLessThan(0.12)
    expect(await wrongBlobs(directory.join('layout'))).toEqual([])
  })

  it.concurrent(
    'sends at most the layer once more to docker-registry, which cancels such an upload',
    async () => {
      await using directory = await temporaryDirectory()
      await using target = await startRegistry()
      const again = await sentAgain(target.url, directory.join('journal'))
      expect(again).toBeLessThan(1)
      expect(await wrongBlobs(target.storage)).toEqual([])
    },
  )
})

/** True if the chunk is between a quarter and a half, so that the journal knows only the chunk before it. */
function isHalfway({ method, kind, received }: Exchange): boolean {
  return method === 'PATCH' && kind === 'upload' && received > CHUNK / 4 && received < CHUNK / 2
}
