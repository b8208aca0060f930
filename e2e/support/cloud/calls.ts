/** What happens to one call: refused, throttled, or done without anybody hearing of it. */
export type Fault = 'refuse' | 'throttle' | 'cut'

export interface CloudCall {
  /** such as `iam:CreateUser` or `PUT ?tagging` */
  readonly name: string
  /** Whether it may change something. */
  readonly isWrite: boolean
}

/** All calls to a fake cloud, in order; and what goes wrong with them. */
export class CallLog {
  readonly calls: CloudCall[] = []
  #fault: (index: number, call: CloudCall) => Fault | undefined = () => undefined
  #done: (index: number) => void = () => {}

  /** The fault of the call with this index, and of no other. */
  at(index: number, fault: Fault): void {
    this.#fault = at => (at === index ? fault : undefined)
  }

  /** Decides for every call. */
  faults(decide: (index: number, call: CloudCall) => Fault | undefined): void {
    this.#fault = decide
  }

  /** Called when the call with this index has taken effect, before it is answered. */
  whenDone(act: (index: number) => void): void {
    this.#done = act
  }

  /** Starts anew, without faults. */
  clear(): void {
    this.calls.length = 0
    this.#fault = () => undefined
    this.#done = () => {}
  }

  get writes(): readonly string[] {
    return this.calls.filter(({ isWrite }) => isWrite).map(({ name }) => name)
  }

  /** For fakes: notes a call. */
  note(call: CloudCall): { readonly fault: Fault | undefined; done(): void } {
    const index = this.calls.push(call) - 1
    return { fault: this.#fault(index, call), done: () => this.#done(index) }
  }
}
