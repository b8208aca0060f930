import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeDirectory } from '../../machine/directory.ts'
import { syncFolder } from '../../machine/output-file.ts'
import type { Store } from '../content.ts'
import { HeldNames } from '../layout/layout-content.ts'
import { isThere, onDisk } from '../layout/layout-files.ts'
import { layoutParts } from '../layout/layout-reader.ts'
import { WritableLayoutRepository, type WritableParts } from '../layout/layout-writer.ts'
import { draftPath, partialPath, volumesOf, type ArchiveOutput } from './archive-files.ts'
import { Claim } from '../claim.ts'
import { ArchiveJournal } from './archive-journal.ts'
import { SlotContent } from './slot-content.ts'
import type { TarPlan } from './tar-plan.ts'
import type { FinishedVolume } from './volume-files.ts'

/**
 * An archive that is being written: a store that takes only the content of its plan, several blobs at once. Until it is whole, it
 * lies in a folder of its own, and continues from there when it is opened again.
 */
export class ArchiveWriter implements Store<WritableLayoutRepository>, AsyncDisposable {
  readonly location: string
  readonly #output: ArchiveOutput
  readonly #plan: TarPlan
  readonly #claim: Claim
  readonly #slots: SlotContent
  readonly #parts: WritableParts
  readonly #opened: readonly AsyncDisposable[]

  private constructor(
    output: ArchiveOutput,
    plan: TarPlan,
    claim: Claim,
    slots: SlotContent,
    opened: readonly AsyncDisposable[],
  ) {
    this.location = output.path
    this.#output = output
    this.#plan = plan
    this.#claim = claim
    this.#slots = slots
    this.#opened = opened
    this.#parts = layoutParts(slots, new HeldNames())
  }

  /**
   * Starts an archive or continues it. Finished content is hashed again and kept.
   * @returns undefined if the folder holds the beginning of another archive
   * @throws `storage`, also if another process is writing it
   */
  static async open(
    output: ArchiveOutput,
    plan: TarPlan,
    signal?: AbortSignal,
  ): Promise<ArchiveWriter | undefined> {
    const folder = partialPath(output.path)
    const claim = await Claim.make(folder, output.path, { signal })
    const opened: AsyncDisposable[] = [claim]
    let writer: ArchiveWriter | undefined
    try {
      const identity = `gpreg ${plan.digest} ${output.volumeSize ?? 'whole'}`
      const journal = await ArchiveJournal.open(join(folder, 'journal'), identity)
      if (journal === undefined) return undefined
      opened.push(journal)
      await takeBack(output, plan.size)
      const slots = await SlotContent.open(output, plan, journal)
      opened.push(slots)
      await slots.check(signal)
      return (writer = new ArchiveWriter(output, plan, claim, slots, opened))
    } finally {
      if (writer === undefined) await close(opened)
    }
  }

  repository(name: string): WritableLayoutRepository {
    return new WritableLayoutRepository(name, this.#parts)
  }

  /** Bytes of the archive that are not written yet. */
  missing(): number {
    return this.#slots.missing()
  }

  /**
   * Gives the files their final names, after all content is written.
   * @param clear is called before the first rename
   * @param seal is called after the last rename
   * @throws `storage`, also if another process has taken over
   */
  async finish(
    clear: () => Promise<void>,
    seal: (volumes: readonly FinishedVolume[]) => Promise<void>,
  ): Promise<void> {
    const finished = await this.#slots.finish()
    const folder = partialPath(this.#output.path)
    await this.#claim.assertHeld()
    await onDisk(folder, () => makeDirectory(join(folder, FINISHING)))
    await clear()
    for (const { path } of volumesOf(this.#output, this.#plan.size))
      await onDisk(path, () => rename(draftPath(this.#output, path), path))
    await onDisk(folder, () => syncFolder(dirname(folder)))
    await seal(finished)
    // The folder is needed to continue, so it is removed only after the sidecar is on disk.
    await onDisk(folder, () => syncFolder(dirname(folder)))
    await onDisk(folder, () => rm(folder, { recursive: true }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await close(this.#opened)
  }
}

/** Closes in reverse order. */
async function close(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const each of opened.toReversed()) await each[Symbol.asyncDispose]()
}

/**
 * Removes the beginning of an archive.
 * @throws `storage` if another process is writing it
 */
export async function discardBeginning(path: string): Promise<void> {
  const folder = partialPath(path)
  await using _ = await Claim.make(folder, path)
  await onDisk(folder, () => rm(folder, { recursive: true }))
}

/** A marker in the folder: the files are being renamed. */
const FINISHING = 'finishing'

/** Undoes the renames of a process that was killed between them, so that there is one state to continue from. */
async function takeBack(output: ArchiveOutput, size: number): Promise<void> {
  if (!(await isThere(join(partialPath(output.path), FINISHING)))) return
  for (const { path } of volumesOf(output, size)) {
    const draft = draftPath(output, path)
    if (!(await isThere(draft)) && (await isThere(path))) await onDisk(path, () => rename(path, draft))
  }
}
