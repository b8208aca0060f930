import type { SecretVault } from '../secret-vault.ts'

/** Entries of a journal; an entry that is `undefined` is removed. */
export type JournalEntries<Entry extends string> = { readonly [K in Entry]?: readonly string[] | undefined }

/** Keeps the steps of a provider in the vault. Each is written before it is taken, so that a run after a crash can continue. */
export class VaultJournal<Entry extends string> {
  readonly #vault: SecretVault

  constructor(vault: SecretVault) {
    this.#vault = vault
  }

  async get(entry: Entry): Promise<readonly string[] | undefined> {
    return (await this.#vault.read()).journal?.[entry]
  }

  /** The journal with these entries, not written yet. The caller writes it in one update together with secrets. */
  async with(entries: JournalEntries<Entry>): Promise<Record<string, string[]>> {
    const { journal } = await this.#vault.read()
    const all = Object.entries<readonly string[] | undefined>({ ...journal, ...entries })
    return Object.fromEntries(all.flatMap(([entry, values]) => (values ? [[entry, [...values]]] : [])))
  }

  async write(entries: JournalEntries<Entry>): Promise<void> {
    await this.#vault.update({ journal: await this.with(entries) })
  }
}
