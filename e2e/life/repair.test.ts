import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { unique, type Image } from '../support/images.ts'
import { wrongContent } from '../support/registry-content.ts'
import { uploadedBytes } from '../support/reverse-proxy.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage } from '../support/upstream.ts'
import type { Server } from '../registries/server-kinds.ts'
import { INSTALLED, overwrite } from './servers.ts'
import { lockSet, randomOf, targetOf, twoReleases, type ImageSet } from './sets.ts'

/** Damages of one server, half of them with wrong bytes. Three servers have a hundred. */
const DAMAGES = 34
const A_ROUND = Number(process.env['GPREG_LIFE_DAMAGES'] ?? DAMAGES) / 4

describe('repair', () => {
  it.concurrent.each(INSTALLED.map(kind => ({ kind, name: kind.name })))(
    '$name: every damage is mended, or named with the step of the operator',
    async ({ kind }) => {
      await using directory = await temporaryDirectory()
      await using source = await kind.start()
      await using target = await kind.start()
      await using proxy = await startFaultProxy({ to: target.url })
      const random = randomOf(7)
      const { old: images } = twoReleases(random)
      const flags = await lockSet(source.url, images, directory.join('lock.json'))
      const mirror = (...more: string[]) =>
        gpreg(['mirror', ...flags, '--to', `${proxy.host}/gitpod`, '--json', ...more])
      expect((await mirror()).exitCode).toBe(0)

      for (const isWrong of [false, true, false, true]) {
        const before = uploadedBytes(proxy.exchanges)
        const lost = await damage(target, images, isWrong, random)
        await repair(target, mirror)
        for (const [name, image] of images)
          expect(await wrongContent(targetOf(target.host, name), image), name).toEqual([])
        const sent = uploadedBytes(proxy.exchanges) - before
        // What CNCF distribution does not replace was sent in vain before that showed.
        if (!isWrong || kind.name === 'gpreg serve') expect(sent).toBe(lost)
        else expect(sent).toBeGreaterThanOrEqual(lost)
      }
    },
  )
})

/** Damages content behind the back of a server. Returns the bytes of the blobs that are lost. */
async function damage(
  target: Server,
  images: ImageSet,
  isWrong: boolean,
  random: (below: number) => number,
): Promise<number> {
  const all = [...images]
  const blobs = unique(all.flatMap(([, image]) => image.blobs))
  const lost = new Map<string, number>()
  for (let count = 0; count < A_ROUND; count++) {
    const [name, image] = all[random(all.length)]!
    const blob = blobs[random(blobs.length)]!
    const kinds = isWrong ? ['blob', 'blob', 'manifest'] : ['blob', 'manifest', 'tag']
    const kind = kinds[random(kinds.length)]
    if (kind === 'tag') {
      const [, other] = all[random(all.length)]!
      await moveTag(target, name, other)
      continue
    }
    const digest = kind === 'blob' ? blob.digest : manifestOf(image, random)
    if (lost.has(digest)) continue
    if (isWrong) await overwrite(target, digest, random(2) === 0)
    else await rm(target.blobFile!(digest))
    lost.set(digest, kind === 'blob' ? blob.bytes.length : 0)
  }
  return [...lost.values()].reduce((sum, bytes) => sum + bytes, 0)
}

function manifestOf(image: Image, random: (below: number) => number): string {
  const all = [image, ...image.children]
  return all[random(all.length)]!.manifest.digest
}

/** Points a tag at another image. A damaged image cannot be pushed, and then the tag stays. */
async function moveTag(target: Server, name: string, image: Image): Promise<void> {
  const reference = targetOf(target.host, name)
  await pushImage(target.url, reference.slice(reference.indexOf('/') + 1), { ...image, blobs: [] }).catch(
    () => {},
  )
}

/** Repairs until all is right. What the registry keeps is removed as the message says. */
async function repair(
  target: Server,
  mirror: (...flags: string[]) => ReturnType<typeof gpreg>,
): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    const run = await mirror('--repair', '--deep')
    if (run.exitCode === 0) return
    const rows: { status: string; error?: { code: string; hint?: string } }[] = run.json().images
    const failed = rows.filter(({ status }) => status === 'failed')
    const files = new Set(
      failed.map(({ error }) => /sha256\/[0-9a-f]{2}\/([0-9a-f]{64})\/data/.exec(error?.hint ?? '')?.[1]),
    )
    expect(files.has(undefined), run.stdout).toBe(false)
    for (const hex of files) await rm(target.blobFile!(`sha256:${hex}`))
  }
  throw new Error('the repair does not end')
}
