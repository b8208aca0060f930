import { writeFile } from 'node:fs/promises'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeIndex, makeLayer, type Image } from '../support/images.ts'
import { pushImage, sourceMirrors } from '../support/upstream.ts'

/** Images by the reference that they have at their source. */
export type ImageSet = ReadonlyMap<string, Image>

/** Random numbers that a seed repeats. https://en.wikipedia.org/wiki/Linear_congruential_generator */
export function randomOf(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return Math.floor((state / 0x8000_0000) * below)
  }
}

const PLATFORMS = ['amd64', 'arm64'].map(architecture => ({ os: 'linux', architecture }))

/** Two sets that share layers, platforms, whole images and repositories: an older and a newer release. */
export function twoReleases(random: (below: number) => number): {
  readonly old: ImageSet
  readonly next: ImageSet
} {
  const layers = Array.from({ length: 4 }, (_, index) => makeLayer(`shared-${index}`, 20_000))
  const own = () => makeLayer(`own-${random(1e6)}`, 3_000)
  const some = () => layers.filter(() => random(2) === 0)
  const single = () => makeImage([...some(), own()])
  const old = new Map<string, Image>()
  const next = new Map<string, Image>()
  for (let index = 0; index < 6; index++) {
    const platforms = PLATFORMS.map(platform => makeImage([...some(), own()], 'oci', platform))
    const isIndex = random(2) === 0
    const first = isIndex ? makeIndex(PLATFORMS.map((platform, at) => [platform, platforms[at]!])) : single()
    // The newer index may share a platform with the older one.
    const replaced = [platforms[0]!, makeImage([own()], 'oci', PLATFORMS[1])]
    const second = isIndex ? makeIndex(PLATFORMS.map((platform, at) => [platform, replaced[at]!])) : single()
    const name = `docker.io/team/app-${random(4)}`
    old.set(`${name}:${index}`, first)
    if (random(3) === 0) next.set(`${name}:${index}`, first)
    next.set(`${name}:next-${index}`, random(4) === 0 ? first : second)
  }
  return { old, next }
}

/** Pushes a set to a source, and locks it. Returns the flags that mirror it. */
export async function lockSet(source: URL, set: ImageSet, lock: string): Promise<string[]> {
  for (const [reference, image] of set) await pushImage(source, reference, image)
  const list = `${lock}.txt`
  await writeFile(list, [...set.keys()].join('\n'))
  const mirrors = sourceMirrors(source.host, set.keys())
  const run = await gpreg(['lock', '--images', list, ...mirrors, '-o', lock])
  if (run.exitCode !== 0) throw new Error(run.stderr)
  return ['--lock', lock, ...mirrors]
}

/** The name of an image at a target with the prefix `gitpod`. */
export function targetOf(host: string, reference: string): string {
  return `${host}/gitpod/${reference.slice(reference.indexOf('/') + 1)}`
}
