import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { gpreg, startGpreg } from '../support/gpreg.ts'
import type { Image } from '../support/images.ts'
import { wrongContent } from '../support/registry-content.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage } from '../support/upstream.ts'
import type { Server, ServerKind } from '../registries/server-kinds.ts'
import { INSTALLED } from './servers.ts'
import { lockSet, randomOf, targetOf, twoReleases, type ImageSet } from './sets.ts'

const ROUNDS = Number(process.env['GPREG_LIFE_ROUNDS'] ?? 6)
const CELLS = INSTALLED.flatMap(kind =>
  Array.from({ length: ROUNDS }, (_, index) => ({ kind, name: kind.name, seed: index + 1 })),
)

describe('prune', () => {
  it.concurrent.each(CELLS)('$name, seed $seed: whatever is kept stays whole', async ({ kind, seed }) => {
    await using directory = await temporaryDirectory()
    await using target = await kind.start()
    const random = randomOf(seed)
    const { old, next } = twoReleases(random)
    const [keep, mirrored] = [directory.join('next.json'), directory.join('old.json')]
    await mirrorBoth(kind, target, [
      [old, mirrored],
      [next, keep],
    ])
    const foreign = await pushForeign(target, old, random)
    const [beside, forgotten] = await pushUnnamed(target, old)
    const stays = new Map<string, Image>([
      ...foreign,
      beside,
      forgotten,
      ...[...next].map(([name, image]) => [targetOf(target.host, name), image] as const),
    ])

    const command = ['prune', `${target.host}/gitpod`, '--keep', keep, '--mirrored', mirrored, '--json']
    const plan = await gpreg(command)
    expect(plan.exitCode, plan.stderr).toBe(0)
    await expectWhole(stays)
    const doIt = (confirm: number) => [...command, '--yes', '--confirm', String(confirm)]
    // A killed run is as good as any time of killing: some end before it.
    const killed = await startGpreg(doIt(plan.json().totals.tags.toRemove))
    await delay(400 + random(1_500))
    killed.signal('SIGKILL')
    await killed.exited.catch(() => {})
    await expectWhole(stays)

    const rest = (await gpreg(command)).json().totals.tags.toRemove
    const run = await gpreg(doIt(rest))
    expect(run.exitCode, run.stdout + run.stderr).toBe(0)
    await expectWhole(stays)
    const deep = await gpreg(['verify', '--lock', keep, '--to', `${target.host}/gitpod`, '--deep'])
    expect(deep.exitCode, deep.stdout).toBe(0)
    await expectGone(target, old, next, run.json().tags)

    const all = [...command, '--all-tags']
    const last = (await gpreg(all)).json()
    expect(last.catalogue).toEqual({ read: true, unnamed: 1 })
    const end = await gpreg([...all, '--yes', '--confirm', String(last.totals.tags.toRemove)])
    expect(end.exitCode, end.stdout + end.stderr).toBe(0)
    const gone = end.json().tags.filter((row: { status: string }) => row.status === 'removed')
    expect(gone.map(({ tag }: { tag: string }) => tag)).toContain(forgotten[0])
    for (const { tag } of gone) stays.delete(tag)
    expect([...stays.keys()]).toEqual(
      expect.arrayContaining([beside[0], ...[...next.keys()].map(name => targetOf(target.host, name))]),
    )
    await expectWhole(stays)
    await target.collectGarbage?.([])
    await expectWhole(stays)
  })
})

/** Locks both sets at a source, and mirrors them. */
async function mirrorBoth(
  kind: ServerKind,
  target: Server,
  sets: readonly (readonly [ImageSet, string])[],
): Promise<void> {
  await using source = await kind.start()
  for (const [set, lock] of sets) {
    const flags = await lockSet(source.url, set, lock)
    const run = await gpreg(['mirror', ...flags, '--to', `${target.host}/gitpod`, '--json'])
    expect(run.exitCode, run.stdout + run.stderr).toBe(0)
  }
}

/** Tags that nobody mirrored, on images that go, in the repositories of those. */
async function pushForeign(target: Server, old: ImageSet, random: (below: number) => number) {
  const foreign = new Map<string, Image>()
  for (const [name, image] of old) {
    if (random(3) !== 0) continue
    const reference = `${targetOf(target.host, name).replace(/:[^:/]*$/, '')}:of-somebody-${random(1e6)}`
    await pushImage(target.url, reference.slice(reference.indexOf('/') + 1), image)
    foreign.set(reference, image)
  }
  return foreign
}

/** Two repositories that no document names: the first beside the prefix, the second below it. */
async function pushUnnamed(target: Server, old: ImageSet) {
  const [image] = old.values()
  const push = async (path: string) => {
    await pushImage(target.url, path, image!)
    return [`${target.host}/${path}`, image!] as const
  }
  return [await push('gitpod-of-somebody/app:1'), await push('gitpod/forgotten/app:1')] as const
}

async function expectWhole(images: ReadonlyMap<string, Image>): Promise<void> {
  for (const [name, image] of images) expect(await wrongContent(name, image), name).toEqual([])
}

/** Every old tag is gone, unless it is kept, or was left with a reason. */
async function expectGone(
  target: Server,
  old: ImageSet,
  next: ImageSet,
  rows: readonly { readonly tag: string; readonly status: string }[],
): Promise<void> {
  const left = new Set(rows.filter(({ status }) => status === 'left').map(({ tag }) => tag))
  for (const [name, image] of old) {
    const tag = targetOf(target.host, name)
    if (next.has(name) || left.has(tag)) continue
    expect(await wrongContent(tag, image), tag).not.toEqual([])
  }
}
