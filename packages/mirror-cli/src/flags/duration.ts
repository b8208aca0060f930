import { GpregError } from '@gpreg/oci'

const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * Reads a time such as `90s`, `15m`, `2h`, `1h30m` or `90d`.
 * @returns milliseconds
 * @throws `usage`
 */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d{1,6})([smhd])/g)]
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text.trim())
    return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * MILLISECONDS[unit]!, 0)
  throw new GpregError('usage', `not a time: ${JSON.stringify(text)}`, {
    hint: 'write a number with a unit, e.g. 90s, 15m, 2h or 90d',
  })
}
