import { formatRelativeName } from '@gpreg/oci/engine'
import { by } from '../../documents/document.ts'
import type { SideImage } from './side.ts'

/** An image of the one side beside that of the other; one of both is absent if the image was added or removed. */
export interface Pair {
  readonly before?: SideImage
  readonly after?: SideImage
}

/**
 * Finds for every image its counterpart. Images are the same by their name without tag and digest. If one side has several of a name,
 * those with the same tag or digest meet first, and the others in the order of their tags.
 */
export function pairImages(before: readonly SideImage[], after: readonly SideImage[]): Pair[] {
  const [old, young] = [before, after].map(images => Map.groupBy(images, ({ name }) => name.repository))
  const repositories = new Set([...(old?.keys() ?? []), ...(young?.keys() ?? [])])
  const pairs = [...repositories].flatMap(repository =>
    pairWithin(old?.get(repository) ?? [], young?.get(repository) ?? []),
  )
  return pairs.toSorted(by(({ before, after }) => nameOf(after ?? before)))
}

function pairWithin(before: readonly SideImage[], after: readonly SideImage[]): Pair[] {
  const left = before.toSorted(by(nameOf))
  const right = after.toSorted(by(nameOf))
  const isSame = [
    (a: SideImage, b: SideImage) => nameOf(a) === nameOf(b),
    (a: SideImage, b: SideImage) => a.digest === b.digest,
    () => true,
  ]
  const pairs: Pair[] = []
  for (const fits of isSame)
    for (const image of [...right]) {
      const index = left.findIndex(each => fits(each, image))
      const [found] = index === -1 ? [] : left.splice(index, 1)
      if (found === undefined) continue
      right.splice(right.indexOf(image), 1)
      pairs.push({ before: found, after: image })
    }
  return [...pairs, ...left.map(image => ({ before: image })), ...right.map(image => ({ after: image }))]
}

function nameOf(image: SideImage | undefined): string {
  return image === undefined ? '' : formatRelativeName(image.name)
}
