import type { GpregEvent } from '@gpreg/core'
import { causeOf } from '../render/error/cause.ts'

/** How many lines of one kind are written; the answer, or a last line, counts the others. */
const MOST = { warning: 3, unreadable: 3, failed: 1 }

/** Keeps one cause that hits hundreds of images from filling the screen. */
export class Repetition {
  #said = new Map<string, number>()
  /** What the round before has said. */
  #before: ReadonlyMap<string, number> = new Map()
  /** Warnings that were not written. */
  #unsaid = 0

  /** A new round begins. What each round says is written once, and again when a round has not said it. */
  next(): void {
    this.#before = this.#said
    this.#said = new Map()
    this.#unsaid = 0
  }

  /**
   * Whether the line of an event is to be written.
   * @param isFolding whether warnings that differ in names only are one kind, and not only equal ones
   */
  tells(event: GpregEvent, line: string, isFolding: boolean): boolean {
    switch (event.type) {
      case 'warning':
        if (this.#count(line) > 1 || this.#before.has(line)) return false
        if (!isFolding || this.#count(`${event.code} ${causeOf(event)}`) <= MOST.warning) return true
        this.#unsaid++
        return false
      case 'image.failed':
        return this.#count(causeOf(event.error)) <= MOST.failed && !this.#before.has(causeOf(event.error))
      case 'image.verified':
        return event.status !== 'unreadable' || this.#count(event.status) <= MOST.unreadable
      default:
        return true
    }
  }

  /** The last line, undefined if every warning was written. */
  rest(): string | undefined {
    const number = this.#unsaid
    if (number === 0) return undefined
    return `and ${number} more ${number === 1 ? 'warning' : 'warnings'} of the same kind; --verbose shows all`
  }

  #count(kind: string): number {
    const number = (this.#said.get(kind) ?? 0) + 1
    this.#said.set(kind, number)
    return number
  }
}
