import type { SecretVault } from '@gpreg/core'

/** What must outlive a crash, written down before it is done. */
export interface JournalEntries {
  /** resources whose creation was begun */
  readonly begun?: readonly string[] | undefined
  /** ids of the access keys that were there when one more was begun */
  readonly 'keys-before'?: readonly string[] | undefined
  /** ids of access keys that others have taken the place of */
  readonly superseded?: readonly string[] | undefined
}

export class Journal {
  readonly #vault: SecretVault

  constructor(vault: SecretVault) {
    this.#vault = vault
  }

  async read(): Promise<JournalEntries> {
    return (await this.#vault.read()).journal ?? {}
  }

  /** The journal with these entries, to be written along with something else. What is undefined is taken out. */
  async with(entries: JournalEntries): Promise<Record<string, string[]>> {
    const all = Object.entries({ ...(await this.read()), ...entries })
    return Object.fromEntries(all.flatMap(([entry, values]) => (values ? [[entry, [...values]]] : [])))
  }

  async write(entries: JournalEntries): Promise<void> {
    await this.#vault.update({ journal: await this.with(entries) })
  }
}
