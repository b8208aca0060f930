import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'

/** What is read of a body that nobody wants, in bytes, so that its connection can be used again. */
const MAX_DUMP = 128 * 1024

/** The body of an answer: to be read, dumped or destroyed, since until then it has its connection to itself. */
export class AnswerBody extends Readable {
  #controller: Dispatcher.DispatchController | undefined

  constructor(controller: Dispatcher.DispatchController) {
    super({ highWaterMark: 64 * 1024 })
    this.#controller = controller
    // It may break before anybody reads it, and whoever does then gets the error.
    this.on('error', () => {})
  }

  receive(chunk: Uint8Array): void {
    if (!this.push(chunk)) this.#controller?.pause()
  }

  finish(): void {
    this.#controller = undefined
    this.push(null)
  }

  /** Lets go of it. What goes wrong with it meanwhile is of no interest. */
  async dump(): Promise<void> {
    if (this.closed) return
    let left = MAX_DUMP
    await new Promise<void>(resolve => {
      this.on('close', resolve).on('data', ({ byteLength }: Uint8Array) => {
        if ((left -= byteLength) < 0) this.destroy()
      })
    })
  }

  override _read(): void {
    this.#controller?.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const controller = this.#controller
    this.#controller = undefined
    controller?.abort(error ?? new DOMException('nobody reads on', 'AbortError'))
    callback(error)
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AnswerBody
}

/**
 * Takes what undici has to say about one request. Its own `request` leaves behind what V8 moves to the old generation, request
 * after request, where it stays until that is collected: planning 10,000 images took twice the memory. So everything is let go
 * of here as soon as it is over.
 */
class AnswerHandler implements Dispatcher.DispatchHandler {
  #resolve: ((answer: Answer) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #body: AnswerBody | undefined
  readonly #signal: AbortSignal

  constructor(resolve: (answer: Answer) => void, reject: (error: unknown) => void, signal: AbortSignal) {
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
    signal.addEventListener('abort', this.#abort)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#signal.aborted) controller.abort(this.#signal.reason)
    else this.#controller = controller
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Answer['headers'],
  ): void {
    if (status < 200) return
    this.#body = new AnswerBody(controller)
    this.#resolve?.({ status, headers, body: this.#body })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#body?.receive(chunk)
  }

  onResponseEnd(): void {
    this.#body?.finish()
    this.#letGo()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject?.(error)
    this.#body?.destroy(error)
    this.#letGo()
  }

  readonly #abort = (): void => {
    const { reason } = this.#signal
    this.#reject?.(reason)
    this.#body?.destroy(reason)
    this.#controller?.abort(reason)
    this.#letGo()
  }

  #letGo(): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#resolve = this.#reject = this.#controller = this.#body = undefined
  }
}

/** Sends one request. @throws errors of undici, and the reason of the signal */
export function dispatch(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    dispatcher.dispatch(options, new AnswerHandler(resolve, reject, signal))
  })
}
