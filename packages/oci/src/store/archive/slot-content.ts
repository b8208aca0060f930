import { GpregError, throwIfAborted } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, type Digest } from '../../model/digest.ts'
import { recycle } from '../../machine/lent-memory.ts'
import type { ByteStream, Content } from '../content.ts'
import { goOn, verifiedRest } from '../continuation.ts'
import type { WritableContent } from '../layout/layout-content.ts'
import { digestOfStream } from '../verify.ts'
import { draftPath, volumesOf, type ArchiveOutput } from './archive-files.ts'
import type { ArchiveJournal } from './archive-journal.ts'
import { SlotStates, type SlotState } from './slot-states.ts'
import { END } from './tar-header.ts'
import { contentStart, slotEnd, type Slot, type TarPlan } from './tar-plan.ts'
import { VolumeFiles, type FinishedVolume } from './volume-files.ts'

/** Bytes between two lines of the journal. */
const STEP = 8 * 1024 * 1024
/** Bytes of one read. */
const READ_SIZE = 256 * 1024
/** Bytes collected for one write, because the chunks of a stream may be small and every write costs the same. */
const WRITE_SIZE = 192 * 1024

/** The content of an archive that is being written. Every blob has its slot before its first byte arrives. */
export class SlotContent implements WritableContent, AsyncDisposable {
  readonly location: string
  readonly #slots: SlotStates
  readonly #elsewhere: ReadonlySet<Digest>
  readonly #journal: ArchiveJournal
  readonly #files: VolumeFiles

  private constructor(output: ArchiveOutput, slots: SlotStates, journal: ArchiveJournal, files: VolumeFiles) {
    this.location = output.path
    this.#slots = slots
    this.#elsewhere = output.elsewhere ?? new Set()
    this.#journal = journal
    this.#files = files
  }

  static async open(output: ArchiveOutput, plan: TarPlan, journal: ArchiveJournal): Promise<SlotContent> {
    const volumes = volumesOf(output, plan.size).map(({ path, size }) => ({
      path: draftPath(output, path),
      size,
    }))
    const slots = new SlotStates(plan)
    const files = await VolumeFiles.open(volumes, position => slots.readyUntil(position))
    try {
      await files.write(0, plan.head)
      await files.write(plan.size - END, Buffer.alloc(END))
    } catch (error) {
      await files[Symbol.asyncDispose]()
      throw error
    }
    return new SlotContent(output, slots, journal, files)
  }

  /** Hashes the blobs that the journal says are finished. The others continue at the offset that it says. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    for (const state of this.#slots.all) {
      const { digest, size } = state.slot
      const position = this.#journal.positions.get(digest)
      if (position === undefined || position > size) continue
      if (position < size) {
        state.written = position
        continue
      }
      const found = await digestOfStream(this.#readBack(state, 0, size, signal), digestAlgorithm(digest))
      if (found !== digest) continue
      await this.#writeFrame(state.slot)
      state.written = size
      state.finished = true
    }
    this.#files.pump()
  }

  async has({ digest }: Descriptor): Promise<boolean> {
    return this.#elsewhere.has(digest) || (await this.size(digest)) !== undefined
  }

  async size(digest: Digest): Promise<number | undefined> {
    const state = this.#slots.of(digest)
    return state?.finished ? state.slot.size : undefined
  }

  async *read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream {
    const state = this.#slots.of(digest)
    if (!state?.finished)
      throw new GpregError('not-found', `${digest} is not in ${this.location}`, {
        digest,
        path: this.location,
      })
    yield* this.#readBack(state, offset, state.slot.size, signal)
  }

  async *digests(): AsyncGenerator<Digest> {
    for (const { slot, finished } of this.#slots.all) if (finished) yield slot.digest
  }

  async write(descriptor: Descriptor, content: Content, signal: AbortSignal | undefined): Promise<void> {
    const { digest, size } = descriptor
    const state = this.#slots.of(digest)
    if (state === undefined) throw new GpregError('bug', `${digest} is not in the plan of ${this.location}`)
    const planned = state.slot.size
    if (size !== planned)
      throw new GpregError('size-mismatch', `${digest} has ${planned} bytes, not ${size}`, { digest })
    // Two writers of one blob would write the same bytes: the second one waits and finds them there.
    await state.turn.run(async () => {
      if (state.finished) return
      await goOn(
        state.written,
        () => this.#fill(state, descriptor, content, signal),
        () => this.#startOver(state),
      )
    })
  }

  missing(): number {
    return this.#slots.missing()
  }

  async finish(): Promise<FinishedVolume[]> {
    const open = this.#slots.all.find(({ finished }) => !finished)
    if (open !== undefined)
      throw new GpregError('bug', `${open.slot.digest} was planned for ${this.location} and never came`)
    return this.#files.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]()
  }

  /** Writes the rest of a blob, and checks the whole. */
  async #fill(
    state: SlotState,
    descriptor: Descriptor,
    content: Content,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { slot } = state
    const start = contentStart(slot)
    const from = state.written
    const kept = { size: from, read: () => this.#readBack(state, 0, from, signal) }
    let noted = from
    const batch: Uint8Array[] = []
    let batched = 0
    const flush = async () => {
      const chunks = batch.splice(0)
      batched = 0
      // A large chunk is written as it is, because joining costs as much as writing.
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      await this.#files.write(start + state.written, bytes)
      state.written += bytes.byteLength
      chunks.forEach(recycle)
    }
    await this.#writeFrame(slot)
    try {
      for await (const chunk of verifiedRest(kept, descriptor, content, signal)) {
        throwIfAborted(signal)
        batch.push(chunk)
        batched += chunk.byteLength
        if (batched >= WRITE_SIZE) await flush()
        if (state.written - noted < STEP) continue
        noted = state.written
        await this.#journal.note(slot.digest, noted)
        this.#files.pump()
      }
      await flush()
      throwIfAborted(signal)
    } catch (error) {
      await flush().catch(() => {})
      if (state.written > noted) await this.#journal.note(slot.digest, state.written).catch(() => {})
      throw error
    }
    await this.#journal.note(slot.digest, slot.size)
    state.finished = true
    this.#files.pump()
  }

  /** Writes the header before the content of a slot and the padding behind it. */
  async #writeFrame(slot: Slot): Promise<void> {
    await this.#files.write(slot.offset, slot.header)
    const end = contentStart(slot) + slot.size
    await this.#files.write(end, Buffer.alloc(slotEnd(slot) - end))
  }

  async #startOver(state: SlotState): Promise<void> {
    await this.#journal.note(state.slot.digest, 0)
    state.written = 0
    await this.#files.rewind(state.slot.offset)
  }

  async *#readBack(state: SlotState, from: number, to: number, signal: AbortSignal | undefined): ByteStream {
    const start = contentStart(state.slot)
    for (let position = from; position < to;) {
      throwIfAborted(signal)
      const bytes = await this.#files.read(start + position, Math.min(READ_SIZE, to - position))
      if (bytes.byteLength === 0) return
      position += bytes.byteLength
      yield bytes
    }
  }
}
