import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { unique, type Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { wrongContent } from '../support/registry-content.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { SERVER_KINDS } from '../registries/server-kinds.ts'
import { overwrite } from './servers.ts'
import { lockSet, randomOf, targetOf, twoReleases, type ImageSet } from './sets.ts'

/** The directory of `gpreg serve` over its life: emptied of what nothing needs, and repaired from a bundle. */
describe('a directory that gpreg serve wrote', () => {
  it('loses with --gc what was pruned, and nothing else', async () => {
    await using directory = await temporaryDirectory()
    await using source = await startRegistry()
    const { old, next } = twoReleases(randomOf(11))
    const [before, after] = ['old.json', 'next.json'].map(file => directory.join(file)) as [string, string]
    const served = directory.join('served')
    {
      await using serve = await startServe(served)
      const to = ['--to', `${serve.host}/gitpod`]
      for (const [set, lock] of [
        [old, before],
        [next, after],
      ] as const)
        expect((await gpreg(['mirror', ...(await lockSet(source.url, set, lock)), ...to])).exitCode).toBe(0)
      const prune = ['prune', `${serve.host}/gitpod`, '--keep', after, '--mirrored', before]
      const { toRemove } = (await gpreg([...prune, '--json'])).json().totals.tags
      expect((await gpreg([...prune, '--yes', '--confirm', String(toRemove)])).exitCode).toBe(0)
    }

    const collect = ['serve', served, '--gc', '--json']
    const foretold = (await gpreg([...collect, '--dry-run'])).json()
    const blobsBefore = await blobsOf(served)
    const collected = await gpreg(collect)
    expect(collected.exitCode, collected.stderr).toBe(0)
    expect(collected.json()).toMatchObject({ removed: foretold.removed, totals: foretold.totals })

    const needed = new Set(digestsOf(next))
    expect(blobsBefore.length).toBeGreaterThan(needed.size)
    expect((await blobsOf(served)).toSorted()).toEqual([...needed].toSorted())
    await using serve = await startServe(served)
    for (const [name, image] of next)
      expect(await wrongContent(targetOf(serve.host, name), image), name).toEqual([])
  })

  it('is repaired from a bundle that has what it lost, wrong bytes included', async () => {
    await using directory = await temporaryDirectory()
    await using source = await startRegistry()
    const { old } = twoReleases(randomOf(12))
    const flags = await lockSet(source.url, old, directory.join('lock.json'))
    const bundle = directory.join('bundle.tar')
    expect((await gpreg(['bundle', 'save', ...flags, '-o', bundle])).exitCode).toBe(0)
    const kind = SERVER_KINDS.find(({ name }) => name === 'gpreg serve')!
    await using target = await kind.start()
    const load = (...more: string[]) =>
      gpreg(['bundle', 'load', bundle, '--to', `${target.host}/gitpod`, '--json', ...more])
    expect((await load()).exitCode).toBe(0)

    const blobs = unique([...old.values()].flatMap(image => image.blobs))
    const [deleted, changed, cut] = blobs as [Content, Content, Content]
    await rm(target.blobFile!(deleted.digest))
    await overwrite(target, changed.digest, false)
    await overwrite(target, cut.digest, true)
    const run = await load('--repair', '--deep')
    expect(run.exitCode, run.stderr).toBe(0)
    const lost = [deleted, changed, cut].reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(run.json().totals.bytes.sent).toBe(lost)
    for (const [name, image] of old)
      expect(await wrongContent(targetOf(target.host, name), image), name).toEqual([])
  })
})

type Content = Image['blobs'][number]

function digestsOf(images: ImageSet): string[] {
  const all = [...images.values()].flatMap(image => [image, ...image.children])
  return all.flatMap(({ manifest, blobs }) => [manifest.digest, ...blobs.map(({ digest }) => digest)])
}

async function blobsOf(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'blobs/sha256'))
  return names.map(name => `sha256:${name}`)
}
