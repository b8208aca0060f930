import { startReverseProxy, type ReverseProxy, type ReverseProxyOptions } from './reverse-proxy.ts'

/** A proxy that changes nothing and says what passed: the witness for what gpreg claims about its own traffic. */
export interface CountingProxy extends ReverseProxy {
  /** bytes of request bodies that went into blob uploads */
  blobBytesReceived(): number
  /** bytes of blobs in answers */
  blobBytesSent(): number
}

export async function startCountingProxy(
  options: Omit<ReverseProxyOptions, 'intercept'>,
): Promise<CountingProxy> {
  const proxy = await startReverseProxy(options)
  const sum = (kind: 'blob' | 'upload', side: 'received' | 'sent') =>
    proxy.exchanges
      .filter(exchange => exchange.kind === kind)
      .reduce((total, exchange) => total + exchange[side], 0)
  return {
    ...proxy,
    blobBytesReceived: () => sum('upload', 'received'),
    blobBytesSent: () => sum('blob', 'sent'),
  }
}
