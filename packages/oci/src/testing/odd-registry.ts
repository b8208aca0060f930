import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRegistryServer } from '../serve/server.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { scriptedServer, type ScriptedServer } from './scripted-server.ts'

/** Answers a request in place of the registry and returns true, or leaves the request to the registry. */
export type Oddity = (request: IncomingMessage, response: ServerResponse) => boolean | void

export interface OddRegistry extends ScriptedServer {
  readonly store: MemoryStore
  /** Asked in order; may change between requests. */
  readonly oddities: Oddity[]
  /** The registry without its oddities, for a second server with the same content. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

/** A registry in memory that answers as usual, but for the requests that an oddity answers. */
export async function oddRegistry(...oddities: Oddity[]): Promise<OddRegistry> {
  const store = new MemoryStore()
  const registry = createRegistryServer(store)
  const server = await scriptedServer((request, response) => {
    if (oddities.some(odd => odd(request, response) === true)) return
    return registry.handle(request, response)
  })
  return {
    ...server,
    store,
    oddities,
    handle: registry.handle,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Sends a whole response. @returns true, as an oddity does that answered */
export function answer(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array = '',
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, headers).end(body)
  return true
}
