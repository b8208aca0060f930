import { join } from 'node:path'
import { GpregError } from '../../errors.ts'
import type { Digest } from '../../model/digest.ts'

export interface ArchiveTarget {
  /** The name of the tar, or what `.001` is added to. */
  readonly path: string
  /** bytes of all volumes but the last; absent for one tar */
  readonly volumeSize?: number
  /** Content that is left out, since it is known to be where the archive goes. */
  readonly elsewhere?: ReadonlySet<Digest>
}

/** Where an archive is until it is whole. */
export function partialPath(path: string): string {
  return `${path}.partial`
}

/** All of them are open at once, and each has three digits. */
const MAX_VOLUMES = 999

/**
 * The files of an archive of a size.
 * @throws `usage` where they would be too many
 */
export function volumesOf(
  { path, volumeSize }: ArchiveTarget,
  size: number,
): { path: string; size: number }[] {
  if (volumeSize === undefined) return [{ path, size }]
  const count = Math.ceil(size / volumeSize)
  if (count > MAX_VOLUMES)
    throw new GpregError('usage', `${size} bytes would be ${count} volumes of ${volumeSize}`, {
      path,
      hint: `name a larger size: at most ${MAX_VOLUMES} volumes are written`,
    })
  return Array.from({ length: count }, (_, index) => ({
    path: `${path}.${`${index + 1}`.padStart(3, '0')}`,
    size: Math.min(volumeSize, size - index * volumeSize),
  }))
}

/** Where a file of an archive is until the archive is whole. */
export function draftPath({ path }: ArchiveTarget, volume: string): string {
  return join(partialPath(path), volume.slice(volume.lastIndexOf('/') + 1))
}
