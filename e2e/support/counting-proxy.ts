import { startReverseProxy, type ReverseProxy, type ReverseProxyOptions } from './reverse-proxy.ts'

/** A proxy that changes nothing and counts bytes. Tests compare its counts with the numbers that gpreg prints. */
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
