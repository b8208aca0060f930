import { Limiter } from '../../limiter.ts'
import type { Digest } from '../../model/digest.ts'
import { contentStart, slotEnd, type Slot, type TarPlan } from './tar-plan.ts'

/** A slot of the archive and how far it is written. */
export interface SlotState {
  readonly slot: Slot
  /** One writer at a time. */
  readonly turn: Limiter
  /** bytes of the content that are written */
  written: number
  finished: boolean
}

/** The slots of an archive that is being written. */
export class SlotStates {
  /** in the order of the archive */
  readonly all: readonly SlotState[]
  /** bytes of the archive */
  readonly #size: number
  readonly #byDigest: ReadonlyMap<Digest, SlotState>

  constructor({ slots, size }: TarPlan) {
    this.all = slots.map(slot => ({ slot, turn: new Limiter(1), written: 0, finished: false }))
    this.#size = size
    this.#byDigest = new Map(this.all.map(state => [state.slot.digest, state]))
  }

  of(digest: Digest): SlotState | undefined {
    return this.#byDigest.get(digest)
  }

  /** Bytes of the archive that are not written yet. */
  missing(): number {
    const left = ({ slot, written, finished }: SlotState) =>
      finished ? 0 : slotEnd(slot) - contentStart(slot) - written
    return this.all.reduce((sum, state) => sum + left(state), 0)
  }

  /**
   * The first byte from `position` on that may still change. Head and end are written first; a slot counts as far as it is
   * written.
   */
  readyUntil(position: number): number {
    for (let at = Math.max(this.#indexAt(position), 0); ; at++) {
      const state = this.all[at]
      if (state === undefined) return this.#size
      if (state.finished) continue
      const { slot, written } = state
      return written === 0 ? slot.offset : contentStart(slot) + written
    }
  }

  /** The index of the slot that holds a position; -1 in the head. */
  #indexAt(position: number): number {
    let [low, high] = [0, this.all.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const offset = this.all[middle]?.slot.offset ?? Infinity
      if (offset <= position) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
