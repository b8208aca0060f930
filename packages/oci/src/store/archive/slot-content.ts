import { GpregError } from '../../errors.ts'
import { Limiter } from '../../limiter.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, type Digest } from '../../model/digest.ts'
import type { ByteStream, Content } from '../content.ts'
import { goOn, verifiedRest } from '../continuation.ts'
import type { WritableContent } from '../layout/layout-content.ts'
import { digestOfStream } from '../verify.ts'
import { draftPath, volumesOf, type ArchiveTarget } from './archive-files.ts'
import type { Journal } from './archive-journal.ts'
import { END } from './tar-header.ts'
import { contentStart, slotEnd, type Slot, type TarPlan } from './tar-plan.ts'
import { VolumeFiles, type FinishedVolume } from './volume-files.ts'

/** A step that is worth a line in the journal, in bytes. */
const STEP = 8 * 1024 * 1024
const READ_SIZE = 256 * 1024
/** Chunks of a stream are small; each write costs the same. */
const WRITE_SIZE = 512 * 1024

interface Place {
  readonly slot: Slot
  readonly turn: Limiter
  /** bytes of the content that are written */
  written: number
  finished: boolean
}

/** The content of an archive that is being written: each blob has its place before it comes. */
export class SlotContent implements WritableContent, AsyncDisposable {
  readonly location: string
  readonly #plan: TarPlan
  readonly #places: readonly Place[]
  readonly #byDigest: ReadonlyMap<Digest, Place>
  readonly #elsewhere: ReadonlySet<Digest>
  readonly #journal: Journal
  #files!: VolumeFiles

  private constructor(target: ArchiveTarget, plan: TarPlan, journal: Journal) {
    this.location = target.path
    this.#plan = plan
    this.#journal = journal
    this.#elsewhere = target.elsewhere ?? new Set()
    this.#places = plan.slots.map(slot => ({ slot, turn: new Limiter(1), written: 0, finished: false }))
    this.#byDigest = new Map(this.#places.map(place => [place.slot.digest, place]))
  }

  static async open(target: ArchiveTarget, plan: TarPlan, journal: Journal): Promise<SlotContent> {
    const content = new SlotContent(target, plan, journal)
    const volumes = volumesOf(target, plan.size).map(({ path, size }) => ({
      path: draftPath(target, path),
      size,
    }))
    content.#files = await VolumeFiles.open(volumes, position => content.#readyUntil(position))
    try {
      await content.#files.write(0, plan.head)
      await content.#files.write(plan.size - END, Buffer.alloc(END))
    } catch (error) {
      await content[Symbol.asyncDispose]()
      throw error
    }
    return content
  }

  /** Hashes what the journal says was finished; the rest goes on from where it says. What lies around it is written again. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    for (const place of this.#places) {
      const { digest, size } = place.slot
      const position = this.#journal.positions.get(digest)
      if (position === undefined || position > size) continue
      if (position < size) {
        place.written = position
        continue
      }
      const found = await digestOfStream(this.#readBack(place, 0, size, signal), digestAlgorithm(digest))
      if (found !== digest) continue
      await this.#frame(place.slot)
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
    if (descriptor.size !== place.slot.size)
      throw new GpregError(
        'size-mismatch',
        `${descriptor.digest} has ${place.slot.size} bytes, not ${descriptor.size}`,
        {
          digest: descriptor.digest,
        },
      )
    // Two writers of one blob would write the same bytes: the second waits, and finds them there.
    await place.turn.run(async () => {
      if (place.finished) return
      await goOn(
        place.written,
        () => this.#fill(place, descriptor, content, signal),
        () => this.#startOver(place),
      )
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
    return this.#files.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]()
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
    const kept = { size: from, read: () => this.#readBack(place, 0, from, signal) }
    let noted = from
    const batch: Uint8Array[] = []
    let batched = 0
    const flush = async () => {
      const bytes = Buffer.concat(batch.splice(0))
      batched = 0
      await this.#files.write(start + place.written, bytes)
      place.written += bytes.byteLength
    }
    await this.#frame(slot)
    try {
      for await (const chunk of verifiedRest(kept, descriptor, content, signal)) {
        signal?.throwIfAborted()
        batch.push(chunk)
        batched += chunk.byteLength
        if (batched >= WRITE_SIZE) await flush()
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
    await this.#journal.note(slot.digest, slot.size)
    place.finished = true
    this.#files.pump()
  }

  /** What stands before and behind the content of a slot. */
  async #frame(slot: Slot): Promise<void> {
    await this.#files.write(slot.offset, slot.header)
    const end = contentStart(slot) + slot.size
    await this.#files.write(end, Buffer.alloc(slotEnd(slot) - end))
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
