import type { Plugin } from 'rolldown'

/** What undici copies into the memory of its parser, which is WebAssembly: all bytes that it receives. */
const COPY = 'currentBuffer.set(chunk)'

/**
 * Whether a chunk is all body, of a response that has begun to arrive and whose length is known. Before its first byte the head may be
 * incomplete; without a length the parser looks for the sizes of pieces.
 */
const IS_ALL_BODY =
  'this.bytesRead > 0 && !this.hasTransferEncoding && this.contentLength - this.bytesRead >= chunk.length'

/** Bundles undici so that it does not copy bodies for its parser (ADR 14). */
export function uncopiedBodies(): Plugin {
  let isDone = false
  return {
    name: 'uncopied-bodies',
    transform: {
      filter: { id: /\/undici\/lib\/dispatcher\/client-h1\.js$/ },
      handler(code) {
        isDone = true
        return withoutBodyCopies(code)
      },
    },
    buildEnd() {
      if (!isDone) throw new Error('undici has changed: its HTTP/1.1 client is another file')
    },
  }
}

/**
 * undici's HTTP/1.1 client, without the copy of bodies. The parser does not look at their bytes: it counts them, and tells the client
 * where in the chunk they are.
 * @throws if this is another undici, in which that must be seen anew
 */
export function withoutBodyCopies(code: string): string {
  const [before, after, ...more] = code.split(COPY)
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`undici has changed: ${COPY} is not found once in its HTTP/1.1 client`)
  for (const name of ['bytesRead', 'hasTransferEncoding', 'contentLength'])
    if (!code.includes(`this.${name} =`)) throw new Error(`undici has changed: its parser has no ${name}`)
  return `${before}if (!(${IS_ALL_BODY})) ${COPY}${after}`
}
