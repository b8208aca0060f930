import { GpregError, type ErrorSubject } from '../../errors.ts'

/** Characters of the shortest secret: shorter values would match ordinary words of messages. */
const SHORTEST = 4

/** Tokens, in all their encodings, after which the earlier ones begin to be forgotten: more than are in use at once. */
const TOKENS = 2_000

const HIDDEN = '[secret]'

/** The value of a query parameter: presigned URLs carry their signature there. */
const QUERY_VALUE = /([?&][\w.~%-]+=)[^&\s"'<>]+/g

/**
 * The secrets that one registry was sent. A registry may repeat them in its responses, by mistake or on purpose, so they are
 * removed from its text before that is shown or logged.
 */
export class Secrets {
  /** Headers whose secrets are remembered. */
  readonly #headers = new Set<string>()
  readonly #logins = new Set<string>()
  /** Each repository has tokens of its own that live for minutes, so only the latest are kept: these, and those before them. */
  #tokens = new Set<string>()
  #earlierTokens = new Set<string>()

  /** Remembers an `Authorization` header and the password or the token in it. */
  learnHeader(header: string): void {
    if (this.#headers.has(header)) return
    const space = header.indexOf(' ')
    const value = header.slice(space + 1)
    if (header.slice(0, space).toLowerCase() === 'basic') {
      const login = Buffer.from(value, 'base64').toString('utf8')
      for (const secret of [value, login, login.slice(login.indexOf(':') + 1)]) this.learn(secret)
    } else {
      this.learnToken(value)
    }
    this.#headers.add(header)
  }

  /** Remembers a password or another secret of a login. */
  learn(value: string): void {
    addForms(value, this.#logins)
  }

  /** Remembers a token, until enough others have been in use since. */
  learnToken(value: string): void {
    if (this.#tokens.size >= TOKENS) {
      this.#earlierTokens = this.#tokens
      this.#tokens = new Set()
      this.#headers.clear()
    }
    addForms(value, this.#tokens)
  }

  /** Text of a registry without the secrets and without the values of URL queries. */
  scrub(text: string): string {
    const found: string[] = []
    for (const secrets of [this.#logins, this.#tokens, this.#earlierTokens])
      for (const secret of secrets)
        if (secret.length <= text.length && text.includes(secret)) found.push(secret)
    // Longest first, because one may be part of another.
    found.sort((a, b) => b.length - a.length)
    let scrubbed = text
    for (const secret of found) scrubbed = scrubbed.replaceAll(secret, HIDDEN)
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

/** Adds a secret in every encoding in which it may come back. */
function addForms(value: string, secrets: Set<string>): void {
  const base64 = Buffer.from(value).toString('base64')
  for (const form of [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(value).toString('base64url'),
  ])
    if (form.length >= SHORTEST) secrets.add(form)
}
