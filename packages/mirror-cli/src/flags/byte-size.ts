const UNITS = ['', 'k', 'm', 'g', 't']

/**
 * Bytes: `20MiB`, `20M` and `20m` are of 1024, `20MB` of 1000, as curl and dd have it.
 * @returns undefined for what is no size, or none at all
 */
export function parseByteSize(text: string): number | undefined {
  const [, number, unit = '', suffix = ''] =
    /^(\d{1,15}(?:\.\d{1,3})?)\s?([kmgt]?)(ib|b)?$/i.exec(text.trim()) ?? []
  const base = suffix.toLowerCase() === 'b' ? 1000 : 1024
  const size = Math.round(Number(number) * base ** UNITS.indexOf(unit.toLowerCase()))
  return size > 0 && Number.isSafeInteger(size) ? size : undefined
}
