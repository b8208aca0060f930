import { GpregError, type ErrorSubject } from '../../errors.ts'

/** Shorter values are words of messages sooner than secrets. */
const SHORTEST = 4

const HIDDEN = '[secret]'

/** The value of a query parameter: presigned URLs carry their signature there. */
const QUERY_VALUE = /([?&][\w.~%-]+=)[^&\s"'<>]+/g

/**
 * The secrets that one registry has been sent. A registry may repeat them in its answers, by mistake or to have them end up in a
 * log, so the words of a registry are scrubbed of them before anybody is told.
 */
export class Secrets {
  readonly #headers = new Set<string>()
  readonly #values = new Set<string>()
  /** The values, the longest first, since one may be a part of another; made when it is needed. */
  #ordered: readonly string[] | undefined

  /** An `Authorization` header, with what it is made of. */
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

  /** A password or a token, in every form in which it may come back. */
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

  /** Text of a registry, without what is nobody else's business. */
  scrub(text: string): string {
    this.#ordered ??= [...this.#values].sort((a, b) => b.length - a.length)
    let scrubbed = text
    for (const value of this.#ordered) scrubbed = scrubbed.replaceAll(value, HIDDEN)
    return scrubbed.replace(QUERY_VALUE, `$1${HIDDEN}`)
  }

  /** The same error; where its text holds a secret, without the errors that caused it, since theirs does, too. */
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

  /** Runs work whose errors may repeat what the registry said. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw error instanceof GpregError ? this.scrubError(error) : error
    }
  }

  #scrubSubject({ path, ...subject }: ErrorSubject): ErrorSubject {
    return path === undefined ? subject : { ...subject, path: this.scrub(path) }
  }
}

/** What the errors behind an error say. */
function textsOf(cause: unknown): string[] {
  return cause instanceof Error ? [cause.message, ...textsOf(cause.cause)] : []
}
