import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Context } from '../context.ts'

/** A certificate chain and its private key (PEM). */
export interface Tls {
  readonly cert: string
  readonly key: string
}

export interface RenewableTls extends Tls {
  /** Reads certificate and key again, where they may have been renewed. */
  readonly renew?: () => Promise<Tls>
}

/** Milliseconds between two looks at certificate and key. */
const INTERVAL = 500

/**
 * Gives new connections the newest certificate, because certificates are renewed while a server runs. One that cannot be used is
 * reported once, and the last good one stays.
 * @returns a function that ends the looking
 */
export function renewTls(server: Server, { renew, ...first }: RenewableTls, { emit }: Context): () => void {
  if (renew === undefined) return () => {}
  /** What was tried last: texts, or the error that came instead of them. */
  let used = textOf(first)
  let last = used
  let isLooking = false

  const look = async (): Promise<void> => {
    const next = await renew().catch((error: unknown) => error)
    const text = isTls(next) ? textOf(next) : messageOf(next)
    const isSettled = text === last
    last = text
    // Two looks must find the same, because the two files are not written at once.
    if (text === used || !isSettled) return
    used = text
    try {
      if (!isTls(next)) throw next
      // Tried apart from the server first, so that a broken pair changes nothing there.
      createSecureContext(next)
      server.setSecureContext(next)
    } catch (error) {
      const message = `the new certificate or key cannot be used, so the old one stays: ${messageOf(error)}`
      emit({ type: 'warning', code: 'certificate-kept', message })
    }
  }

  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void look().finally(() => (isLooking = false))
  }, INTERVAL).unref()
  return () => clearInterval(timer)
}

function isTls(found: unknown): found is Tls {
  return typeof (found as Partial<Tls> | undefined)?.cert === 'string'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function textOf({ cert, key }: Tls): string {
  return `${cert}\n${key}`
}
