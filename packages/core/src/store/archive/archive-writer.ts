import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Store } from '../content.ts'
import { namedEntry, type IndexEntry, type WritableNames } from '../layout-content.ts'
import { onDisk, syncFolder } from '../layout-files.ts'
import { layoutParts } from '../layout-reader.ts'
import { WritableLayoutRepository, type WritableParts } from '../layout-writer.ts'
import { draftPath, partialPath, volumesOf, type ArchiveTarget } from './archive-files.ts'
import { Journal } from './journal.ts'
import { SlotContent } from './slot-content.ts'
import type { TarPlan } from './tar-plan.ts'
import type { FinishedVolume } from './volume-files.ts'

/**
 * An archive that is being written: a store that takes just the content of its plan, each at its place, several at once. It
 * lies in a folder of its own until it is whole, and goes on from there when it is opened again.
 */
export class ArchiveWriter implements Store<WritableLayoutRepository>, AsyncDisposable {
  readonly location: string
  readonly #target: ArchiveTarget
  readonly #plan: TarPlan
  readonly #slots: SlotContent
  readonly #parts: WritableParts

  private constructor(target: ArchiveTarget, plan: TarPlan, slots: SlotContent) {
    this.location = target.path
    this.#target = target
    this.#plan = plan
    this.#slots = slots
    this.#parts = layoutParts(slots, new PlannedNames())
  }

  /**
   * Starts an archive, or goes on with it: finished content is hashed again and kept.
   * @returns undefined where the folder holds the beginning of another archive
   */
  static async open(
    target: ArchiveTarget,
    plan: TarPlan,
    signal?: AbortSignal,
  ): Promise<ArchiveWriter | undefined> {
    const folder = partialPath(target.path)
    await onDisk(folder, () => mkdir(folder, { recursive: true }))
    const journal = await Journal.open(
      join(folder, 'journal'),
      `gpreg ${plan.digest} ${target.volumeSize ?? 'whole'}`,
    )
    if (journal === undefined) return undefined
    await takeBack(target, plan.size)
    const slots = await SlotContent.open(target, plan, journal)
    try {
      await slots.check(signal)
    } catch (error) {
      await slots[Symbol.asyncDispose]()
      throw error
    }
    return new ArchiveWriter(target, plan, slots)
  }

  repository(name: string): WritableLayoutRepository {
    return new WritableLayoutRepository(name, this.#parts)
  }

  /** Bytes of the archive that are not there yet. */
  missing(): number {
    return this.#slots.missing()
  }

  /**
   * Gives the files their names, once all content is there.
   * @param clear is called before the first of them has its name
   * @param seal is called when all of them have
   */
  async finish(
    clear: () => Promise<void>,
    seal: (volumes: readonly FinishedVolume[]) => Promise<void>,
  ): Promise<void> {
    const finished = await this.#slots.finish()
    const folder = partialPath(this.#target.path)
    await onDisk(folder, () => mkdir(join(folder, FINISHING), { recursive: true }))
    await clear()
    for (const { path } of volumesOf(this.#target, this.#plan.size))
      await onDisk(path, () => rename(draftPath(this.#target, path), path))
    await onDisk(folder, () => syncFolder(dirname(folder)))
    await seal(finished)
    await onDisk(folder, () => rm(folder, { recursive: true }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slots[Symbol.asyncDispose]()
  }
}

/** Its presence says that names are being given. */
const FINISHING = 'finishing'

/** Killed between two names: those that were given are taken back, so that there is one state to go on from. */
async function takeBack(target: ArchiveTarget, size: number): Promise<void> {
  if (!(await isThere(join(partialPath(target.path), FINISHING)))) return
  for (const { path } of volumesOf(target, size)) {
    const draft = draftPath(target, path)
    if (!(await isThere(draft)) && (await isThere(path))) await onDisk(path, () => rename(path, draft))
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** The names that an archive is to have are in its head already. */
class PlannedNames implements WritableNames {
  readonly #named = new Map<string, IndexEntry>()
  #entries: readonly IndexEntry[] | undefined

  entries(): readonly IndexEntry[] {
    return (this.#entries ??= [...this.#named.values()])
  }

  async set(name: string, descriptor: Descriptor): Promise<void> {
    this.#named.set(name, namedEntry(name, descriptor))
    this.#entries = undefined
  }
}
