import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GpregError, isGpregError } from '../../errors.ts'
import { Limiter } from '../../limiter.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../../model/digest.ts'
import type { ByteStream, Content, Store } from '../content.ts'
import { namedEntry, type IndexEntry, type WritableContent, type WritableNames } from '../layout-content.ts'
import { onDisk, syncFolder } from '../layout-files.ts'
import { layoutParts } from '../layout-reader.ts'
import { WritableLayoutRepository, type WritableParts } from '../layout-writer.ts'
import { verified } from '../verify.ts'
import { Journal } from './journal.ts'
import { END, padded } from './tar-header.ts'
import { contentStart, slotEnd, type Slot, type TarPlan } from './tar-plan.ts'
import { VolumeFiles, type FinishedVolume } from './volume-files.ts'

/** A step that is worth a line in the journal, in bytes. */
const STEP = 8 * 1024 * 1024
const READ_SIZE = 256 * 1024
/** Chunks of a stream are small; each write costs the same. */
const WRITE_SIZE = 512 * 1024

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
    const volumes = volumesOf(target, plan.size)
    await takeBack(folder, volumes)
    const slots = await SlotContent.open(target, plan, journal, folder)
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
    await clear()
    const folder = partialPath(this.#target.path)
    for (const { path } of volumesOf(this.#target, this.#plan.size))
      await onDisk(path, () => rename(join(folder, nameOf(path)), path))
    await onDisk(folder, () => syncFolder(dirname(folder)))
    await seal(finished)
    await onDisk(folder, () => rm(folder, { recursive: true }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slots[Symbol.asyncDispose]()
  }
}

/** Killed between two names: those that were given are taken back, so that there is one state to go on from. */
async function takeBack(folder: string, volumes: readonly { readonly path: string }[]): Promise<void> {
  const there = new Set(await onDisk(folder, () => readdir(folder)))
  if (!there.has(FINISHING)) return
  for (const { path } of volumes) {
    const exists = await stat(path).then(
      () => true,
      () => false,
    )
    if (!there.has(nameOf(path)) && exists) await onDisk(path, () => rename(path, join(folder, nameOf(path))))
  }
}

/** Its presence says that names are being given. */
const FINISHING = 'finishing'

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The names that an archive is to have are in its head already. */
class PlannedNames implements WritableNames {
  readonly #entries = new Map<string, IndexEntry>()

  entries(): readonly IndexEntry[] {
    return [...this.#entries.values()]
  }

  async set(name: string, descriptor: Descriptor): Promise<void> {
    this.#entries.set(name, namedEntry(name, descriptor))
  }
}

interface Place {
  readonly slot: Slot
  readonly turn: Limiter
  /** bytes of the content that are written */
  written: number
  finished: boolean
}

class SlotContent implements WritableContent, AsyncDisposable {
  readonly location: string
  readonly #plan: TarPlan
  readonly #places: readonly Place[]
  readonly #byDigest: ReadonlyMap<Digest, Place>
  readonly #elsewhere: ReadonlySet<Digest>
  readonly #journal: Journal
  readonly #folder: string
  #files!: VolumeFiles

  private constructor(target: ArchiveTarget, plan: TarPlan, journal: Journal, folder: string) {
    this.location = target.path
    this.#plan = plan
    this.#journal = journal
    this.#folder = folder
    this.#elsewhere = target.elsewhere ?? new Set()
    this.#places = plan.slots.map(slot => ({ slot, turn: new Limiter(1), written: 0, finished: false }))
    this.#byDigest = new Map(this.#places.map(place => [place.slot.digest, place]))
  }

  static async open(
    target: ArchiveTarget,
    plan: TarPlan,
    journal: Journal,
    folder: string,
  ): Promise<SlotContent> {
    const content = new SlotContent(target, plan, journal, folder)
    const volumes = volumesOf(target, plan.size).map(({ path, size }) => ({
      path: join(folder, nameOf(path)),
      size,
    }))
    content.#files = await VolumeFiles.open(volumes, position => content.#readyUntil(position))
    await content.#files.write(0, plan.head)
    await content.#files.write(plan.size - END, Buffer.alloc(END))
    return content
  }

  /** Hashes what the journal says was finished; the rest goes on from where it says. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    for (const place of this.#places) {
      const { digest, size } = place.slot
      const position = this.#journal.positions.get(digest)
      if (position === undefined || position > size) continue
      if (position < size) {
        place.written = position
        continue
      }
      const hash = createHash(digestAlgorithm(digest))
      for await (const chunk of this.#readBack(place, 0, size, signal)) hash.update(chunk)
      if (hash.digest('hex') !== digestHex(digest)) continue
      place.written = size
      place.finished = true
    }
    this.#files.pump()
  }

  async has(digest: Digest): Promise<boolean> {
    return this.#elsewhere.has(digest) || (await this.size(digest)) !== undefined
  }

  async size(digest: Digest): Promise<number | undefined> {
    const place = this.#byDigest.get(digest)
    return place?.finished ? place.slot.size : undefined
  }

  async *read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream {
    const place = this.#byDigest.get(digest)
    if (!place?.finished)
      throw new GpregError('not-found', `${digest} is not in ${this.location}`, {
        digest,
        path: this.location,
      })
    yield* this.#readBack(place, offset, place.slot.size, signal)
  }

  async *digests(): AsyncGenerator<Digest> {
    for (const { slot, finished } of this.#places) if (finished) yield slot.digest
  }

  async write(descriptor: Descriptor, content: Content, signal: AbortSignal | undefined): Promise<void> {
    const place = this.#byDigest.get(descriptor.digest)
    if (place === undefined)
      throw new GpregError('bug', `${descriptor.digest} is not in the plan of ${this.location}`)
    // Two writers of one blob would write the same bytes: the second waits, and finds them there.
    await place.turn.run(async () => {
      if (place.finished) return
      const { written } = place
      try {
        await this.#fill(place, descriptor, content, signal)
      } catch (error) {
        // What was there before may be what is wrong: once more, from the start.
        const wrong = isGpregError(error, 'digest-mismatch') || isGpregError(error, 'size-mismatch')
        if (wrong) await this.#startOver(place)
        if (!wrong || written === 0) throw error
        await this.#fill(place, descriptor, content, signal)
      }
    })
  }

  missing(): number {
    return this.#places.reduce(
      (sum, { slot, written, finished }) =>
        sum + (finished ? 0 : slotEnd(slot) - contentStart(slot) - written),
      0,
    )
  }

  async finish(): Promise<FinishedVolume[]> {
    const open = this.#places.find(({ finished }) => !finished)
    if (open !== undefined)
      throw new GpregError('bug', `${open.slot.digest} was planned for ${this.location} and never came`)
    const volumes = await this.#files.finish()
    await onDisk(this.#folder, () => mkdir(join(this.#folder, FINISHING), { recursive: true }))
    return volumes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]()
    await this.#journal[Symbol.asyncDispose]()
  }

  /** Goes on behind what is written, and hashes the whole. */
  async #fill(
    place: Place,
    descriptor: Descriptor,
    content: Content,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { slot } = place
    const start = contentStart(slot)
    const from = place.written
    const source = chain(this.#readBack(place, 0, from, signal), () =>
      content.open({ offset: from, signal, unchecked: true }),
    )
    let position = 0
    let noted = from
    const batch: Uint8Array[] = []
    const flush = async () => {
      const bytes = Buffer.concat(batch.splice(0))
      await this.#files.write(start + place.written, bytes)
      place.written += bytes.byteLength
    }
    await this.#files.write(slot.offset, slot.header)
    try {
      for await (const chunk of verified(source, descriptor)) {
        signal?.throwIfAborted()
        if (position >= from) batch.push(chunk)
        position += chunk.byteLength
        if (position - place.written >= WRITE_SIZE) await flush()
        if (place.written - noted < STEP) continue
        noted = place.written
        await this.#journal.note(slot.digest, noted)
        this.#files.pump()
      }
      await flush()
      signal?.throwIfAborted()
    } catch (error) {
      await flush().catch(() => {})
      if (place.written > noted) await this.#journal.note(slot.digest, place.written).catch(() => {})
      throw error
    }
    const padding = padded(slot.size) - slot.size
    if (padding > 0) await this.#files.write(start + slot.size, Buffer.alloc(padding))
    await this.#journal.note(slot.digest, slot.size)
    place.finished = true
    this.#files.pump()
  }

  async #startOver(place: Place): Promise<void> {
    await this.#journal.note(place.slot.digest, 0)
    place.written = 0
    await this.#files.rewind(place.slot.offset)
  }

  async *#readBack(place: Place, from: number, to: number, signal: AbortSignal | undefined): ByteStream {
    const start = contentStart(place.slot)
    for (let position = from; position < to;) {
      signal?.throwIfAborted()
      const bytes = await this.#files.read(start + position, Math.min(READ_SIZE, to - position))
      if (bytes.byteLength === 0) return
      position += bytes.byteLength
      yield bytes
    }
  }

  /** The head and the end are written from the start; a slot that is being written is ready as far as it has come. */
  #readyUntil(position: number): number {
    let at = this.#indexAt(position)
    if (at < 0) at = 0
    for (; at < this.#places.length; at++) {
      const { slot, written, finished } = this.#places[at]!
      if (!finished) return written === 0 ? slot.offset : contentStart(slot) + written
    }
    return this.#plan.size
  }

  /** The slot that a position is in; -1 in the head. */
  #indexAt(position: number): number {
    let [low, high] = [0, this.#places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#places[middle]!.slot.offset <= position) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

async function* chain(first: ByteStream, second: () => ByteStream): ByteStream {
  yield* first
  yield* second()
}
