import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GpregError } from '@gpreg/oci'

/** Bytes that a file or folder needs, and bytes that are free on its disk. */
export interface DiskSpace {
  readonly needed: number
  readonly free: number
}

export async function freeSpace(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== path) return freeSpace(parent)
    throw new GpregError('storage', `nothing tells how much room there is at ${path}`, { path, cause: error })
  }
}

/** The error for a disk that took no more while a bundle was written. */
export function diskFull(path: string, { needed, free }: DiskSpace, cause: unknown): GpregError {
  const why =
    needed > free
      ? `${needed - free} bytes more are needed`
      : `${free} bytes are free, but a quota or the number of files is used up`
  return new GpregError('storage', `the disk of ${path} is full: ${why}`, {
    path,
    cause,
    hint: 'make room, then run the same command again: what is finished is kept',
  })
}

/** @throws `storage` */
export function assertRoom(path: string, { needed, free }: DiskSpace): void {
  if (needed <= free) return
  throw new GpregError(
    'storage',
    `${path} needs ${needed} bytes and its disk has ${free} free: ${needed - free} are missing`,
    {
      path,
      hint: 'make room or name another disk, then run the same command again: what is finished is kept',
    },
  )
}
