import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Store } from '../content.ts'
import { namedEntry, type IndexEntry, type WritableNames } from '../layout/layout-content.ts'
import { isThere, onDisk, syncFolder } from '../layout/layout-files.ts'
import { layoutParts } from '../layout/layout-reader.ts'
import { WritableLayoutRepository, type WritableParts } from '../layout/layout-writer.ts'
import { draftPath, partialPath, volumesOf, type ArchiveTarget } from './archive-files.ts'
import { Claim } from '../claim.ts'
import { Journal } from './archive-journal.ts'
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
  readonly #opened: readonly AsyncDisposable[]

  private constructor(
    target: ArchiveTarget,
    plan: TarPlan,
    slots: SlotContent,
    opened: readonly AsyncDisposable[],
  ) {
    this.location = target.path
    this.#target = target
    this.#plan = plan
    this.#slots = slots
    this.#opened = opened
    this.#parts = layoutParts(slots, new PlannedNames())
  }

  /**
   * Starts an archive, or goes on with it: finished content is hashed again and kept.
   * @returns undefined where the folder holds the beginning of another archive
   * @throws `storage`, also where another process is writing it
   */
  static async open(
    target: ArchiveTarget,
    plan: TarPlan,
    signal?: AbortSignal,
  ): Promise<ArchiveWriter | undefined> {
    const folder = partialPath(target.path)
    const opened: AsyncDisposable[] = [await Claim.make(folder, target.path)]
    let writer: ArchiveWriter | undefined
    try {
      const identity = `gpreg ${plan.digest} ${target.volumeSize ?? 'whole'}`
      const journal = await Journal.open(join(folder, 'journal'), identity)
      if (journal === undefined) return undefined
      opened.push(journal)
      await takeBack(target, plan.size)
      const slots = await SlotContent.open(target, plan, journal)
      opened.push(slots)
      await slots.check(signal)
      return (writer = new ArchiveWriter(target, plan, slots, opened))
    } finally {
      if (writer === undefined) await close(opened)
    }
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
    // What tells how it was made goes only when the sidecar is sure to stay.
    await onDisk(folder, () => syncFolder(dirname(folder)))
    await onDisk(folder, () => rm(folder, { recursive: true }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await close(this.#opened)
  }
}

/** The last that was opened first. */
async function close(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const each of opened.toReversed()) await each[Symbol.asyncDispose]()
}

/**
 * Throws away the beginning of an archive.
 * @throws `storage` where another process is writing it
 */
export async function discardBeginning(path: string): Promise<void> {
  const folder = partialPath(path)
  await using _ = await Claim.make(folder, path)
  await onDisk(folder, () => rm(folder, { recursive: true }))
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
