import { createLogUpdate } from 'log-update'
import type { Size } from '../render/progress/frame.ts'

/** A terminal as the display needs it: a stream of Node that knows its size. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows' | 'isTTY'> & {
  getWindowSize?(): [columns: number, rows: number]
}

/** Lines at the lower end of a terminal that are drawn anew, and lines above that stay. */
export class Display {
  readonly #terminal: Terminal
  readonly #reflows: boolean
  readonly #update: ReturnType<typeof createLogUpdate>
  #drawn: readonly string[] = []
  #columns = 0

  /** @param env tells terminals apart that do not wrap old lines anew when their width changes */
  constructor(terminal: Terminal, env: Readonly<Record<string, string | undefined>>) {
    this.#terminal = terminal
    this.#reflows = isReflowing(env)
    this.#update = createLogUpdate(terminal as NodeJS.WriteStream)
  }

  /** Draws lines in place of those that were drawn before. @param render gets the size of this moment */
  draw(render: (size: Size) => string): void {
    const size = this.#size()
    if (size.columns !== this.#columns) this.#clear(size.columns)
    const text = render(size)
    this.#update(text)
    this.#drawn = text.split('\n')
    this.#columns = size.columns
  }

  /** Writes a line that stays. The terminal wraps it, so that it can be copied whole. */
  write(line: string): void {
    this.#clear(this.#size().columns)
    this.#terminal.write(`${line}\n`)
  }

  /** Removes what was drawn. */
  end(): void {
    this.#clear(this.#size().columns)
  }

  /**
   * The size at this moment. Node updates `columns` only when it handles SIGWINCH, and a frame drawn before that would be too wide;
   * the smaller of both is used, because log-update wraps lines at `columns`.
   */
  #size(): Size {
    const { columns, rows } = this.#terminal
    const [nowColumns, nowRows] = this.#terminal.getWindowSize?.() ?? [columns, rows]
    return { columns: Math.min(columns, nowColumns), rows: Math.min(rows, nowRows) }
  }

  /**
   * Removes the drawn lines, which a narrower terminal has wrapped into more rows. Row by row, because tmux takes `erase below` at the
   * top of its screen for `clear` and keeps the old lines in its history.
   */
  #clear(columns: number): void {
    const rows = this.#drawn.reduce((sum, { length }) => sum + this.#rowsOf(length, columns), 0)
    if (rows > 0) this.#terminal.write(`\r\u001B[2K${'\u001B[1A\u001B[2K'.repeat(rows)}`)
    this.#drawn = []
    // Forgets the frame, which is gone, and shows the cursor.
    this.#update.done()
  }

  #rowsOf(length: number, columns: number): number {
    return this.#reflows ? Math.max(Math.ceil(length / columns), 1) : 1
  }
}

/** xterm, the console of Linux and GNU screen cut old lines when they become narrower; the other terminals wrap them. */
function isReflowing({
  TERM = '',
  XTERM_VERSION,
  TMUX,
}: Readonly<Record<string, string | undefined>>): boolean {
  if (TMUX) return true
  return XTERM_VERSION === undefined && TERM !== 'linux' && !TERM.startsWith('screen')
}
