import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/** A value that shows itself to nobody who does not ask for it by name: not to logs, to JSON, or to a template string. */
export class Sensitive {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
