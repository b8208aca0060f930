import type { ServerResponse } from 'node:http'

/** An answer that a test gives in place of a cloud, or the end of the connection. */
export type RawAnswer =
  | 'cut'
  | {
      readonly status: number
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
    }

export function sendRaw(response: ServerResponse, raw: RawAnswer): void {
  if (raw === 'cut') return void response.destroy()
  const { status, body = '', headers = {} } = raw
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}
