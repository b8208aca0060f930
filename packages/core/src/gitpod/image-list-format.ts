import { GpregError, formatReference } from '@gpreg/oci'
import type { Context } from '../context.ts'
import type { ImageSet } from './image-set.ts'

/** Lists that other tools read: `gitpod-installer`, `hauler store sync`, `skopeo sync --src yaml`. */
export type ImageListFormat = 'installer' | 'hauler' | 'skopeo-sync'

/**
 * An image set as another tool reads it. `gpreg images --images` reads it back.
 * @param emit told of what the format cannot hold
 * @throws `usage` if the format names targets and an image has none
 */
export async function formatImageList(
  set: ImageSet,
  format: ImageListFormat,
  { emit }: Pick<Context, 'emit'>,
): Promise<string> {
  if (format === 'installer') return formatInstallerList(set)
  const sources = new Map(set.images.map(({ source }) => [formatReference(source), source]))
  // The writer of YAML is loaded only if it is needed, because it takes long to load.
  const { formatHaulerManifest, formatSkopeoSync } = await import('./yaml-lists.ts')
  if (format === 'hauler') return formatHaulerManifest([...sources.keys()])
  const { text, untagged } = formatSkopeoSync([...sources.values()])
  for (const source of untagged) {
    const reference = formatReference(source)
    const message = `skopeo takes a digest or a tag, so ${reference} is listed without its tag`
    emit({ type: 'warning', code: 'image-set', message, subject: { reference } })
  }
  return text
}

/** The list as `gitpod-installer mirror list` prints it. */
function formatInstallerList({ images }: ImageSet): string {
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
