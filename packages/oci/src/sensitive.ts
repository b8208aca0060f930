import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/** A secret. Logs, JSON and template strings show `[secret]`; only `reveal()` returns the value. */
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
