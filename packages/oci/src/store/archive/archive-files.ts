import { join } from 'node:path'
import { GpregError } from '../../errors.ts'
import type { Digest } from '../../model/digest.ts'

/** The files that an archive is written to. */
export interface ArchiveOutput {
  /** Path of the tar; volumes add `.001` and so on to it. */
  readonly path: string
  /** bytes of each volume but the last; absent for a single tar */
  readonly volumeSize?: number
  /** Content that is left out, because the destination of the archive is known to have it. */
  readonly elsewhere?: ReadonlySet<Digest>
}

/** The folder of an archive until it is whole. */
export function partialPath(path: string): string {
  return `${path}.partial`
}

/** Volumes at most: all of them are open at once, and their numbers have three digits. */
const MAX_VOLUMES = 999

/**
 * The files of an archive.
 * @param size of the archive in bytes
 * @throws `usage` if there would be too many
 */
export function volumesOf(
  { path, volumeSize }: ArchiveOutput,
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

/** Path of a file of an archive until the archive is whole. */
export function draftPath({ path }: ArchiveOutput, volume: string): string {
  return join(partialPath(path), volume.slice(volume.lastIndexOf('/') + 1))
}
