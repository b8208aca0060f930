import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    [' 5m ', 300_000],
    ['90d', 7_776_000_000],
  ])('reads %j', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '15', 'm', '1w', '1.5h', '5m!', '-5m', '5 m'])('refuses %j', text => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})
