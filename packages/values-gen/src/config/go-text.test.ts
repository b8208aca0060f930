import { describe, expect, it } from 'vitest'
import { isUrl, parseDuration } from './go-text.ts'

const HOUR = 3_600_000_000_000n

describe('durations', () => {
  it.each([
    ['1h', HOUR],
    ['1h30m', (HOUR * 3n) / 2n],
    ['-.5h', -HOUR / 2n],
    ['1.h', HOUR],
    ['+1µs1ns', 1001n],
    ['0', 0n],
    ['00h', 0n],
    ['2562047h', 2_562_047n * HOUR],
  ])('%s', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds)
  })

  it.each(['', '1', '1d', 'h', '.h', '1 h', '1h ', '1h30', '1e3s', '2562048h', '1h-1m'])(
    'none is %j',
    text => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})

describe('URLs', () => {
  it.each([
    'https://open-vsx.internal:8443/a?b#c',
    'https:/a',
    'x:',
    'mailto:a',
    'https://[2001:db8::1]:80',
    'https://u:p@a',
    'https://ä.example',
    'https://a/%20 b',
  ])('%s', text => {
    expect(isUrl(text)).toBe(true)
  })

  it.each([
    '',
    'a.b',
    '/a',
    '#a',
    '://a',
    'a_b://c',
    'https://a%zz',
    'https://a b',
    'https://a:b',
    'https://a/%z',
    'https://a\tb',
    'https://u:p q@a',
  ])('none is %j', text => {
    expect(isUrl(text)).toBe(false)
  })
})
