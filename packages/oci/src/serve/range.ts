/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Reads a `Range` header for content of `size` bytes. Undefined means that the whole content is the right answer: no header, several
 * ranges, another unit, or nonsense. A range that ends before it starts may be ignored or refused;
 * the conformance suite wants it refused. https://www.rfc-editor.org/rfc/rfc9110#field.range
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  return start > end ? 'unsatisfiable' : { start, end }
}

/**
 * The `Content-Range` of a chunk, `0-99`, as the distribution specification writes it; `bytes 0-99/*` is understood, too.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export function parseChunkRange(header: string): ByteRange | undefined {
  const match = /^(?:bytes\s+)?(\d{1,16})-(\d{1,16})(?:\/(?:\d+|\*))?$/.exec(header.trim())
  if (match === null) return undefined
  const [start, end] = [Number(match[1]), Number(match[2])]
  return end < start ? undefined : { start, end }
}
