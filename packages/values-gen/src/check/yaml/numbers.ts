const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9]\d*))$/

/** Whole numbers from -2^63 to 2^64-1; those that a float cannot hold exactly are a `bigint`. */
export function parseInteger(text: string): number | bigint | undefined {
  const [, sign, hex, octal, binary, decimal] = INTEGER.exec(text) ?? []
  const digits = hex !== undefined ? `0x${hex}` : octal ? `0o${octal}` : binary ? `0b${binary}` : decimal
  if (digits === undefined) return undefined
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits)
  if (value < -(2n ** 63n) || value >= 2n ** (sign === '' ? 64n : 63n)) return undefined
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** A decimal number; undefined for one that is too large, which the installer's parser leaves as text. */
export function parseFloat64(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : undefined
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

/**
 * Writes a float with the fewest digits that 32 bits need, as the installer does where a text is wanted: 1.10 becomes `1.1`, 1e6
 * becomes `1e+06`. https://github.com/kubernetes-sigs/yaml/blob/v1.3.0/yaml.go, https://pkg.go.dev/strconv#FormatFloat
 */
export function formatFloat(value: number): string {
  const short = Math.fround(value)
  if (!Number.isFinite(short)) return Number.isNaN(short) ? 'NaN' : short > 0 ? '+Inf' : '-Inf'
  let written = short.toExponential(0)
  for (let digits = 1; Math.fround(Number(written)) !== short; digits++) written = short.toExponential(digits)
  const [digits = '', exponent = '0'] = written.split('e')
  const power = Number(exponent)
  return power >= -4 && power < 6
    ? String(Number(written))
    : `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
