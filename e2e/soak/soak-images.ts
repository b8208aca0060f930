import { createHash } from 'node:crypto'
import { makeImage, makeIndex, makeLayer, type Image, type Layer } from '../support/images.ts'

const ARCHITECTURES = ['amd64', 'arm64', 's390x'] as const

/**
 * Makes small images that are the same in every run: layers shared by several images, one large layer now and then, and
 * indexes with several platforms.
 */
export function soakImages(count: number): ReadonlyMap<string, Image> {
  const bases = Array.from({ length: 5 }, (_, nth) => layer(`base-${nth}`, 60_000 + 20_000 * nth))
  const images = new Map<string, Image>()
  for (let nth = 0; nth < count; nth++) {
    const base = bases[nth % bases.length]!
    const own = (part: string) => layer(`${part}-${nth}`, nth % 30 === 7 ? 1_500_000 : 200 + 137 * (nth % 50))
    const platform = (architecture: string) => ({ os: 'linux', architecture })
    const image =
      nth % 10 === 3
        ? makeIndex(
            ARCHITECTURES.map(name => [platform(name), makeImage([base, own(name)], 'oci', platform(name))]),
          )
        : makeImage([base, own('one'), own('two')], nth % 2 === 0 ? 'oci' : 'docker')
    images.set(`docker.io/soak/image-${nth}:1`, image)
  }
  return images
}

/** Makes a layer whose bytes do not compress and depend on its name only. */
function layer(name: string, size: number): Layer {
  const parts = Array.from({ length: Math.ceil(size / 32) }, (_, nth) =>
    createHash('sha256').update(`${name} ${nth}`).digest(),
  )
  return makeLayer(name, Buffer.concat(parts).subarray(0, size))
}
