import { createContext, type Context } from './context.ts'
import type { EventSink } from './events.ts'

/** What every operation takes. */
export interface OperationOptions {
  /** Ends the operation: its requests, streams and waits. */
  readonly signal?: AbortSignal | undefined
  /** Receives progress, retries and warnings; must not throw. */
  readonly onEvent?: EventSink | undefined
}

/** The context that an operation runs in. */
export function contextOf({ signal, onEvent }: OperationOptions): Context {
  return createContext({
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { emit: onEvent }),
  })
}
