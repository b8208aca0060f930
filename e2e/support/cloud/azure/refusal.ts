/** What a caller is told that went wrong, in the envelope of ARM. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  get body(): object {
    return { error: { code: this.code, message: this.message } }
  }
}
