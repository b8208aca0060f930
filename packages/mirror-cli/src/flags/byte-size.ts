const UNITS = ['', 'k', 'm', 'g', 't']

/**
 * Reads a number of bytes. The units of `20MiB`, `20M` and `20m` are powers of 1024, those of `20MB` are powers of 1000, as in
 * curl and dd.
 * @returns undefined for zero and for a text that is not a size
 */
export function parseByteSize(text: string): number | undefined {
  const [, number, unit = '', suffix = ''] =
    /^(\d{1,15}(?:\.\d{1,3})?)\s?([kmgt]?)(ib|b)?$/i.exec(text.trim()) ?? []
  const base = suffix.toLowerCase() === 'b' ? 1000 : 1024
  const size = Math.round(Number(number) * base ** UNITS.indexOf(unit.toLowerCase()))
  return size > 0 && Number.isSafeInteger(size) ? size : undefined
}
