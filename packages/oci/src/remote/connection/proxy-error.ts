import type { Proxy } from './proxies.ts'

/** A failure of a proxy itself: it was not reached, or it refused. */
export class ProxyError extends Error {
  readonly proxy: Proxy
  /** The status that it answered; undefined if there was no answer. */
  readonly status: number | undefined

  constructor(proxy: Proxy, status?: number, cause?: unknown) {
    super(`the proxy ${proxy.address} failed`, cause === undefined ? undefined : { cause })
    this.name = 'ProxyError'
    this.proxy = proxy
    this.status = status
  }
}
