import { describe, expect, it } from 'vitest'
import { EARLIER_RELEASE, RELEASE, releaseSamples } from '../demo/release.ts'
import { startContainerd } from '../support/containerd.ts'
import { startCountingProxy } from '../support/counting-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { mustRun } from '../support/process.ts'
import { startRegistry } from '../support/registry.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs, whyMissing } from '../support/tools.ts'
import { pushImage, sourceMirrors } from '../support/upstream.ts'

const TOOLS = ['docker-registry', 'skopeo', 'containerd', 'ctr'] as const
const missing = TOOLS.flatMap(tool => whyMissing(tool) ?? [])
if (missing.length > 0) console.error(`life: the upgrade is skipped, because ${missing.join(' and ')}`)

/** Runs gpreg, which must succeed, and reads its answer. */
async function run(...args: readonly string[]) {
  const done = await gpreg([...args, '--json'])
  expect(done.exitCode, `${args.join(' ')}\n${done.stdout}${done.stderr}`).toBe(0)
  return done.json()
}

describe.skipIf(needs(...TOOLS))(`an upgrade from ${EARLIER_RELEASE} to ${RELEASE}`, () => {
  it('sends the bytes that diff has said, and is all that is left after prune', async () => {
    await using directory = await temporaryDirectory()
    await using source = await startRegistry()
    const [old, next] = [await releaseSamples(EARLIER_RELEASE), await releaseSamples(RELEASE)]
    for (const [reference, image] of new Map([...old, ...next])) await pushImage(source.url, reference, image)
    const mirrors = sourceMirrors(source.host, [...old.keys(), ...next.keys()])
    const [oldLock, nextLock] = [directory.join('old.json'), directory.join('next.json')]
    await run('lock', '--release', EARLIER_RELEASE, ...mirrors, '-o', oldLock)
    await run('lock', '--release', RELEASE, ...mirrors, '-o', nextLock)

    const diff = await run('diff', EARLIER_RELEASE, RELEASE, ...mirrors)
    const { send, carry, images } = diff.totals
    expect([diff.from.release, diff.to.release]).toEqual(['2022.10.2', '2022.11.3'])
    expect(Math.min(images.added, images.changed, images.unchanged, carry.bytes)).toBeGreaterThan(0)
    expect((await run('diff', oldLock, nextLock, ...mirrors)).totals).toEqual(diff.totals)

    await using online = await startRegistry()
    await using gapped = await startRegistry()
    for (const { host } of [online, gapped])
      await run('mirror', '--lock', oldLock, ...mirrors, '--to', `${host}/gitpod`)
    await using line = await startCountingProxy({ to: online.url })
    await run('mirror', '--lock', nextLock, ...mirrors, '--to', `${line.host}/gitpod`)

    const [receipt, bundle] = [directory.join('receipt.json'), directory.join('next.tar')]
    await run('verify', '--lock', oldLock, '--to', `${gapped.host}/gitpod`, '--receipt', receipt)
    await run('bundle', 'save', '--lock', nextLock, ...mirrors, '--since', receipt, '-o', bundle)
    await using gap = await startCountingProxy({ to: gapped.url })
    await run('bundle', 'load', bundle, '--to', `${gap.host}/gitpod`)

    const counted = { mirror: line.blobBytesReceived(), bundle: gap.blobBytesReceived() }
    console.error(`diff: ${send.bytes} to send, ${carry.bytes} to carry; at the registries:`, counted)
    expect(counted).toEqual({ mirror: send.bytes, bundle: carry.bytes })

    for (const registry of [online, gapped]) {
      const prune = ['prune', `${registry.host}/gitpod`, '--keep', nextLock, '--mirrored', oldLock]
      const { toRemove } = (await run(...prune)).totals.tags
      const { totals } = await run(...prune, '--yes', '--confirm', String(toRemove))
      const before = await diskOf(registry.storage)
      await mustRun('docker-registry', ['garbage-collect', registry.configuration])
      const freed = before - (await diskOf(registry.storage))
      console.error(
        `prune: ${totals.tags.removed} tags; collected: ${freed} bytes, foretold: ${totals.bytes.freed}`,
      )
      expect(totals.tags.removed).toBeGreaterThan(0)
      // Manifests go, too, and are not blobs of images.
      expect(freed - totals.bytes.freed).toBeGreaterThan(0)
      expect(freed - totals.bytes.freed).toBeLessThan(2_000 * totals.manifests.removed)
      await expectOnly(registry.host, nextLock)
    }
  })

  /** All of the kept lock is whole, `ctr` pulls it, and of the other names none is left. */
  async function expectOnly(host: string, lock: string): Promise<void> {
    const [old, next] = [await releaseSamples(EARLIER_RELEASE), await releaseSamples(RELEASE)]
    const { images } = await run('verify', '--lock', lock, '--to', `${host}/gitpod`, '--deep')
    await using containerd = await startContainerd()
    const kept = new Set<string>()
    for (const { source, target } of images) {
      await expectImage(target, next.get(source)!)
      await containerd.pull(target)
      kept.add(target)
    }
    const pulled = (await containerd.ctr('images', 'list', '--quiet')).trim().split('\n')
    expect(pulled.toSorted()).toEqual([...kept].toSorted())
    console.error(`ctr: ${pulled.length} images of ${host}`)
    const names = (await run('images', '--lock', lock.replace('next', 'old'), '--to', `${host}/gitpod`))
      .images
    expect(names.map(({ source }: { source: string }) => old.has(source))).not.toContain(false)
    const gone = names
      .map(({ target }: { target: string }) => target)
      .filter((name: string) => !kept.has(name))
    expect(gone.length).toBeGreaterThan(0)
    for (const name of gone) await expect(containerd.pull(name), name).rejects.toThrow(/not found/)
  }
})

/** Bytes of the blobs of a registry. */
async function diskOf(storage: string): Promise<number> {
  const find = [`${storage}/docker/registry/v2/blobs`, '-name', 'data', '-printf', '%s\n']
  return (await mustRun('find', find)).split('\n').reduce((sum, line) => sum + Number(line), 0)
}
