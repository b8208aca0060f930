import { GpregError, formatReference } from '@gpreg/oci'
import type { ImageSet } from './image-set.ts'

/**
 * An image set as `gitpod-installer mirror list` prints it.
 * @throws `usage` if images have no target
 */
export function formatInstallerList({ images }: ImageSet): string {
  const list = images.map(({ source, target }) => {
    const original = formatReference(source)
    if (target !== undefined) return { original, target: formatReference(target) }
    throw new GpregError(
      'usage',
      `nothing says where ${original} goes, and the installer's list names targets`,
      {
        reference: original,
        hint: 'name the target with --to HOST[:PORT]/PREFIX',
      },
    )
  })
  return `${JSON.stringify(list, undefined, 2)}\n`
}
