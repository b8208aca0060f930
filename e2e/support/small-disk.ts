import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { mustRun } from './process.ts'
import { isRoot } from './tools.ts'

/** A file system of its own, that fills up. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  resize(size: string): Promise<void>
}

/** Mounting needs root, and more than root in some containers. */
export const canMount =
  isRoot && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

/** @param size as `mount -o size=` takes it */
export async function smallDisk(path: string, size: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true })
  await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'gpreg-e2e', path])
  return {
    path,
    resize: async next => void (await mustRun('mount', ['-o', `remount,size=${next}`, path])),
    // Whatever still has files open keeps them; the mount is gone from here.
    [Symbol.asyncDispose]: async () => void (await mustRun('umount', ['--lazy', path])),
  }
}
