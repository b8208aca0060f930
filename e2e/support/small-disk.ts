import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { mustRun } from './process.ts'
import { isRoot } from './tools.ts'

/** A small file system that a test can fill. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  resize(size: string): Promise<void>
}

/** True if this process can mount. Mounting needs root, and some containers forbid it even for root, as does a chroot. */
export const canMount =
  isRoot && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
if (!canMount)
  console.error('e2e: this process cannot mount, so tests of full and read-only disks are skipped')

/** @param size value for `mount -o size=` */
export async function smallDisk(path: string, size: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true })
  await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'gpreg-e2e', path])
  return {
    path,
    resize: async next => void (await mustRun('mount', ['-o', `remount,size=${next}`, path])),
    // A lazy unmount works even if a process still has files open.
    [Symbol.asyncDispose]: async () => void (await mustRun('umount', ['--lazy', path])),
  }
}
