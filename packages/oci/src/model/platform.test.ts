import { describe, expect, it } from 'vitest'
import { formatPlatform, matchesPlatform, parsePlatform } from './platform.ts'

describe('platforms', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['Windows/AMD64', 'windows/amd64'],
  ])('%s is %s', (text, normal) => {
    expect(formatPlatform(parsePlatform(text))).toBe(normal)
  })

  it.each(['amd64', 'linux/', 'linux/arm/v7/x', 'linux/a b'])('%j is none', text => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  it('match by variant only where one was asked for', () => {
    const arm = parsePlatform('linux/arm/v6')
    expect(matchesPlatform(arm, { os: 'linux', architecture: 'arm', variant: 'v7' })).toBe(false)
    expect(
      matchesPlatform(parsePlatform('linux/amd64'), { os: 'linux', architecture: 'amd64', variant: 'v3' }),
    ).toBe(true)
    expect(
      matchesPlatform(parsePlatform('linux/arm64'), { os: 'linux', architecture: 'arm64', variant: 'v8' }),
    ).toBe(true)
  })
})
