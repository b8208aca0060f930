import { formatReceipt, type Receipt } from '@gpreg/core'
import type { GpregError } from '@gpreg/oci'
import { unlessAborted, writeOutputFile } from '@gpreg/oci/engine'
import { ExitCode, exitCodeOf } from './exit-codes.ts'
import { assertWritable } from './output-file.ts'

/**
 * The file of `--receipt`. It is written at the end of work that may take hours, so its path is checked at the beginning, and if it
 * cannot be written all the same, the command still gives its answer.
 */
export class ReceiptFile {
  readonly #path: string | undefined
  /** why there is no receipt */
  failure: GpregError | undefined

  private constructor(path: string | undefined) {
    this.#path = path
  }

  /**
   * @param path undefined if no receipt is wanted
   * @throws `storage` if no file can be made there
   */
  static async open(path: string | undefined): Promise<ReceiptFile> {
    if (path !== undefined) await assertWritable(path, '--receipt')
    return new ReceiptFile(path)
  }

  /** @throws `aborted` */
  async write(make: () => Receipt | Promise<Receipt>): Promise<void> {
    if (this.#path === undefined) return
    try {
      await writeOutputFile(this.#path, formatReceipt(await make()))
    } catch (thrown) {
      this.failure = unlessAborted(thrown)
    }
  }

  /** The exit code of a command that did all else. */
  get exitCode(): ExitCode {
    return this.failure === undefined ? ExitCode.done : exitCodeOf(this.failure.code)
  }
}
