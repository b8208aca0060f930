import { expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { bytesOf, unique } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { mustRun } from '../support/process.ts'
import { uploadedBytes } from '../support/reverse-proxy.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { onPath } from '../support/tools.ts'
import { lockSet, randomOf, targetOf, twoReleases, type ImageSet } from './sets.ts'

const blobsOf = (set: ImageSet) => unique([...set.values()].flatMap(({ blobs }) => blobs))

it.runIf(onPath('docker-registry') && onPath('skopeo'))(
  'an upgrade sends the new bytes, prune removes the old ones, and a garbage collection frees them',
  async () => {
    await using directory = await temporaryDirectory()
    await using source = await startRegistry()
    await using online = await startRegistry()
    await using gapped = await startRegistry()
    const { old, next } = twoReleases(randomOf(11))
    const had = new Set(blobsOf(old).map(({ digest }) => digest))
    const news = blobsOf(next).filter(({ digest }) => !had.has(digest))
    const [oldLock, nextLock] = [directory.join('old.json'), directory.join('next.json')]
    const oldFlags = await lockSet(source.url, old, oldLock)
    const nextFlags = await lockSet(source.url, next, nextLock)
    const run = async (...args: string[]) => {
      const done = await gpreg([...args, '--json'])
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      return done.json()
    }

    for (const { host } of [online, gapped]) await run('mirror', ...oldFlags, '--to', `${host}/gitpod`)
    await using proxy = await startFaultProxy({ to: online.url })
    await run('mirror', ...nextFlags, '--to', `${proxy.host}/gitpod`)
    expect(uploadedBytes(proxy.exchanges)).toBe(bytesOf(news))

    const receipt = directory.join('receipt.json')
    await run('verify', '--lock', oldLock, '--to', `${gapped.host}/gitpod`, '--receipt', receipt)
    const bundle = directory.join('next.tar')
    await run('bundle', 'save', ...nextFlags, '--since', receipt, '-o', bundle)
    await using gap = await startFaultProxy({ to: gapped.url })
    await run('bundle', 'load', bundle, '--to', `${gap.host}/gitpod`)
    expect(uploadedBytes(gap.exchanges)).toBe(bytesOf(news))

    for (const registry of [online, gapped]) {
      const prune = ['prune', `${registry.host}/gitpod`, '--keep', nextLock, '--mirrored', oldLock]
      const plan = await run(...prune)
      const done = await run(...prune, '--yes', '--confirm', String(plan.totals.tags.toRemove))
      const before = await diskOf(registry.storage)
      await mustRun('docker-registry', ['garbage-collect', registry.configuration])
      const manifests = before - (await diskOf(registry.storage)) - done.totals.bytes.freed
      expect(manifests).toBeGreaterThan(0)
      expect(manifests).toBeLessThan(20_000)
      await run('verify', '--lock', nextLock, '--to', `${registry.host}/gitpod`, '--deep')
      for (const [name, image] of next) await expectImage(targetOf(registry.host, name), image)
    }
  },
)

/** Bytes of the blobs of a registry. */
async function diskOf(storage: string): Promise<number> {
  const sizes = await mustRun('find', [
    `${storage}/docker/registry/v2/blobs`,
    '-name',
    'data',
    '-printf',
    '%s\n',
  ])
  return sizes.split('\n').reduce((sum, line) => sum + Number(line), 0)
}
