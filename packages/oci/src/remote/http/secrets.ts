import { GpregError, type ErrorSubject } from '../../errors.ts'

/** Characters of the shortest secret: shorter values would match ordinary words of messages. */
const SHORTEST = 4

const HIDDEN = '[secret]'

/** The value of a query parameter: presigned URLs carry their signature there. */
const QUERY_VALUE = /([?&][\w.~%-]+=)[^&\s"'<>]+/g

/**
 * The secrets that one registry was sent. A registry may repeat them in its responses, by mistake or on purpose, so they are
 * removed from its text before that is shown or logged.
 */
export class Secrets {
  readonly #headers = new Set<string>()
  readonly #values = new Set<string>()
  /** The values, longest first, because one may be part of another; sorted on first use. */
  #ordered: readonly string[] | undefined

  /** Remembers an `Authorization` header and the password in it. */
  learnHeader(header: string): void {
    if (this.#headers.has(header)) return
    this.#headers.add(header)
    const space = header.indexOf(' ')
    const value = header.slice(space + 1)
    this.learn(value)
    if (header.slice(0, space).toLowerCase() !== 'basic') return
    const login = Buffer.from(value, 'base64').toString('utf8')
    this.learn(login)
    this.learn(login.slice(login.indexOf(':') + 1))
  }

  /** Remembers a password or a token, in every encoding in which it may come back. */
  learn(value: string): void {
    const base64 = Buffer.from(value).toString('base64')
    for (const form of [
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      base64,
      base64.replace(/=+$/, ''),
      Buffer.from(value).toString('base64url'),
    ])
      if (form.length >= SHORTEST) this.#values.add(form)
    this.#ordered = undefined
  }

  /** Text of a registry without the secrets and without the values of URL queries. */
  scrub(text: string): string {
    this.#ordered ??= [...this.#values].sort((a, b) => b.length - a.length)
    let scrubbed = text
    for (const value of this.#ordered) scrubbed = scrubbed.replaceAll(value, HIDDEN)
    return scrubbed.replace(QUERY_VALUE, `$1${HIDDEN}`)
  }

  /** The same error without secrets. If its text held one, its causes are dropped, because their text holds it, too. */
  scrubError(error: GpregError): GpregError {
    const { code, message, subject, hint, retryable, retryAfter } = error
    const scrubbed = {
      message: this.scrub(message),
      hint: hint === undefined ? undefined : this.scrub(hint),
      subject: this.#scrubSubject(subject),
    }
    const isClean =
      scrubbed.message === message &&
      scrubbed.hint === hint &&
      scrubbed.subject.path === subject.path &&
      textsOf(error.cause).every(text => this.scrub(text) === text)
    if (isClean) return error
    return new GpregError(code, scrubbed.message, {
      ...scrubbed.subject,
      retryable,
      ...(scrubbed.hint === undefined ? {} : { hint: scrubbed.hint }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  }

  /** Runs work and scrubs the error that it throws. */
  guard<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      throw error instanceof GpregError ? this.scrubError(error) : error
    })
  }

  #scrubSubject({ path, ...subject }: ErrorSubject): ErrorSubject {
    return path === undefined ? subject : { ...subject, path: this.scrub(path) }
  }
}

/** The messages of an error and its causes. */
function textsOf(cause: unknown): string[] {
  return cause instanceof Error ? [cause.message, ...textsOf(cause.cause)] : []
}
