import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer, unique, type Image } from '../support/images.ts'
import { wrongContent } from '../support/registry-content.ts'
import { uploadedBytes } from '../support/reverse-proxy.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage } from '../support/upstream.ts'
import type { Server } from '../registries/server-kinds.ts'
import { INSTALLED, overwrite } from './servers.ts'
import { lockSet, randomOf, targetOf, twoReleases, type ImageSet } from './sets.ts'

/** Damages of one round. Four rounds on three servers have more than a hundred. */
const A_ROUND = Math.ceil(Number(process.env['GPREG_LIFE_DAMAGES'] ?? 100) / 12)

const KINDS = [
  'blob deleted',
  'manifest deleted',
  'tag moved',
  'blob overwritten',
  'manifest overwritten',
] as const
type Kind = (typeof KINDS)[number]

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

      const done: Kind[] = []
      for (const isWrong of [false, true, false, true]) {
        const before = uploadedBytes(proxy.exchanges)
        const { lost, kinds } = await damage(target, images, isWrong, random)
        done.push(...kinds)
        await repair(target, mirror)
        for (const [name, image] of images)
          expect(await wrongContent(targetOf(target.host, name), image), name).toEqual([])
        const sent = uploadedBytes(proxy.exchanges) - before
        // What CNCF distribution does not replace was sent in vain before that showed.
        if (!isWrong || kind.name === 'gpreg serve') expect(sent).toBe(lost)
        else expect(sent).toBeGreaterThanOrEqual(lost)
      }
      const counts = KINDS.map(each => [each, done.filter(kind => kind === each).length] as const)
      console.error(`${kind.name}: ${done.length} damages`, Object.fromEntries(counts))
      expect(done).toHaveLength(4 * A_ROUND)
      expect(counts.filter(([, count]) => count === 0)).toEqual([])
    },
  )
})

/** Damages content behind the back of a server. @returns what was done, and the bytes of the blobs that are lost */
async function damage(
  target: Server,
  images: ImageSet,
  isWrong: boolean,
  random: (below: number) => number,
): Promise<{ readonly lost: number; readonly kinds: readonly Kind[] }> {
  const all = [...images]
  const blobs = unique(all.flatMap(([, image]) => image.blobs))
  const lost = new Map<string, number>()
  const moved = new Set<string>()
  const kinds: Kind[] = []
  while (kinds.length < A_ROUND) {
    const [name, image] = all[random(all.length)]!
    const blob = blobs[random(blobs.length)]!
    const kind = isWrong ? KINDS[3 + (kinds.length % 2)]! : KINDS[kinds.length % 3]!
    if (kind === 'tag moved') {
      if (moved.has(name)) continue
      await moveTag(target, name, random)
      moved.add(name)
    } else {
      const isBlob = kind.startsWith('blob')
      const digest = isBlob ? blob.digest : manifestOf(image, random)
      if (lost.has(digest)) continue
      if (isWrong) await overwrite(target, digest, random(2) === 0)
      else await rm(target.blobFile!(digest))
      lost.set(digest, isBlob ? blob.bytes.length : 0)
    }
    kinds.push(kind)
  }
  return { lost: [...lost.values()].reduce((sum, bytes) => sum + bytes, 0), kinds }
}

function manifestOf(image: Image, random: (below: number) => number): string {
  const all = [image, ...image.children]
  return all[random(all.length)]!.manifest.digest
}

/** Points a tag at an image of nobody's, whose blobs every registry takes, whatever else is damaged. */
async function moveTag(target: Server, name: string, random: (below: number) => number): Promise<void> {
  const reference = targetOf(target.host, name)
  const foreign = makeImage([makeLayer(`foreign-${random(1e6)}`, 500)])
  await pushImage(target.url, reference.slice(reference.indexOf('/') + 1), foreign)
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
