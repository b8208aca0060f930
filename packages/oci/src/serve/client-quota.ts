/** Counts what each client holds at a moment, so that one client cannot take what all share. */
export class ClientQuota {
  readonly #limit: number
  readonly #held = new Map<string, number>()

  /** @param limit for one client */
  constructor(limit: number) {
    this.#limit = limit
  }

  isUsedUp(client: string): boolean {
    return (this.#held.get(client) ?? 0) >= this.#limit
  }

  take(client: string): void {
    this.#held.set(client, (this.#held.get(client) ?? 0) + 1)
  }

  release(client: string): void {
    const left = (this.#held.get(client) ?? 0) - 1
    if (left > 0) this.#held.set(client, left)
    else this.#held.delete(client)
  }
}
