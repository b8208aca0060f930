/** What happens to one call: it is refused, it is throttled, or it takes effect and its answer is lost. */
export type CallFault = 'refuse' | 'throttle' | 'cut'

export interface CloudCall {
  /** such as `iam:CreateUser` or `PUT ?tagging` */
  readonly name: string
  /** True if the call may change something. */
  readonly isWrite: boolean
}

/** The log of all calls to a fake cloud, in order. Tests use it to inject faults. */
export class CallLog {
  readonly calls: CloudCall[] = []
  #fault: (index: number, call: CloudCall) => CallFault | undefined = () => undefined
  #done: (index: number) => void = () => {}

  /** Injects a fault into the call with this index only. */
  at(index: number, fault: CallFault): void {
    this.#fault = at => (at === index ? fault : undefined)
  }

  /** Sets a function that chooses the fault of each call. */
  faults(decide: (index: number, call: CloudCall) => CallFault | undefined): void {
    this.#fault = decide
  }

  /** Sets a function that runs when the call with this index has taken effect, before its answer is sent. */
  whenDone(act: (index: number) => void): void {
    this.#done = act
  }

  /** Removes all calls and faults. */
  clear(): void {
    this.calls.length = 0
    this.#fault = () => undefined
    this.#done = () => {}
  }

  get writes(): readonly string[] {
    return this.calls.filter(({ isWrite }) => isWrite).map(({ name }) => name)
  }

  /** Logs a call; for the fakes. */
  note(call: CloudCall): { readonly fault: CallFault | undefined; done(): void } {
    const index = this.calls.push(call) - 1
    return { fault: this.#fault(index, call), done: () => this.#done(index) }
  }
}
