import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const ROOT = '/sys/fs/cgroup'

/** The groups that a kubelet and containerd make: with version 1 in the folder of each controller, with version 2 at the root. */
const NAMES = ['kubepods', 'k8s.io']

/** Remembers which groups this machine has. @returns what removes those that were made since; their processes must have ended */
export async function watchCgroups(): Promise<() => Promise<void>> {
  const before = new Set(await groups())
  return async () => {
    for (const group of await groups()) if (!before.has(group)) await removeGroup(group)
  }
}

async function groups(): Promise<string[]> {
  const entries = await readdir(ROOT, { withFileTypes: true })
  const parents = [ROOT, ...entries.filter(entry => entry.isDirectory()).map(({ name }) => join(ROOT, name))]
  const inside = await Promise.all(parents.map(async parent => ({ parent, names: await readdir(parent) })))
  return inside.flatMap(({ parent, names }) =>
    NAMES.filter(name => names.includes(name)).map(name => join(parent, name)),
  )
}

/** Removes a group with all below it. The kernel lets go of a group a moment after its last process. */
async function removeGroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(path, entry.name))
  for (let tries = 50; ; tries--) {
    try {
      return await rmdir(path)
    } catch (error) {
      if (tries === 0) throw error
      await delay(100)
    }
  }
}
