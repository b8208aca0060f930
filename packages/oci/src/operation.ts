import { setMaxListeners } from 'node:events'
import { createContext, type Context } from './context.ts'
import type { EventSink } from './events.ts'

/** What every operation takes. */
export interface OperationOptions {
  /** Ends the operation: its requests, streams and waits. */
  readonly signal?: AbortSignal | undefined
}

/** What an operation takes that tells how far it is. */
export interface ProgressOptions extends OperationOptions {
  /** Receives progress, retries and warnings; must not throw. */
  readonly onEvent?: EventSink | undefined
}

/** The results of {@link joinSignals}, because a copy makes thousands of requests with the same two. */
const joined = new WeakMap<AbortSignal, WeakMap<AbortSignal, AbortSignal>>()

/** A signal that fires with either of two. @param own of one call, which may have none */
export function joinSignals(outer: AbortSignal, own: AbortSignal | undefined): AbortSignal {
  if (own === undefined || own === outer) return outer
  const known = joined.get(outer) ?? new WeakMap<AbortSignal, AbortSignal>()
  joined.set(outer, known)
  let both = known.get(own)
  if (both === undefined) {
    both = AbortSignal.any([outer, own])
    setMaxListeners(0, both)
    // What is joined already stays as it is when it is handed on.
    known.set(own, both).set(both, both)
  }
  return both
}

/** The context that an operation runs in. */
export function contextOf({ signal, onEvent }: ProgressOptions): Context {
  return createContext({
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { emit: onEvent }),
  })
}
