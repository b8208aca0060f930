import { describe, expect, it } from 'vitest'
import { isShown, shorten } from './output.ts'

describe('isShown', () => {
  it.each([
    ['5 blobs sent, 0.3 s', '5 blobs sent, 12 s'],
    ['made 2026-11-28T14:51:19.886Z', 'made 2027-01-02T03:04:05.678Z'],
    ['serving at http://127.0.0.1:5000', 'serving at http://127.0.0.1:34567'],
    ['disk needed: 21.6 MiB, free: 63.9 GiB', 'disk needed: 21.6 MiB, free: 1 TiB'],
    ['212 requests to sources, 498 to the target', '213 requests to sources, 501 to the target'],
    ['at 12.5 MiB/s', 'at 9 MiB/s'],
  ])('takes %s for %s', (shown, printed) => expect(isShown([shown], [printed])).toBe(true))

  it.each([
    ['5 blobs sent (3 MiB)', '5 blobs sent (4 MiB)'],
    ['0 requests to sources', '1 requests to sources'],
    ['62 images: 62 ok', '62 images: 61 ok'],
    ['sha256:aa', 'sha256:ab'],
    ['ok', ' ok'],
  ])('tells %s from %s', (shown, printed) => expect(isShown([shown], [printed])).toBe(false))

  it('lets … stand for any lines, and for none', () => {
    expect(isShown(['a', '…', 'd'], ['a', 'b', 'c', 'd'])).toBe(true)
    expect(isShown(['a', '…', 'd'], ['a', 'd'])).toBe(true)
    expect(isShown(['…', 'c', '…'], ['a', 'b', 'c', 'd'])).toBe(true)
    expect(isShown(['…'], [])).toBe(true)
  })

  it('holds the lines around … against the output', () => {
    expect(isShown(['a', '…', 'x'], ['a', 'b', 'c'])).toBe(false)
    expect(isShown(['x', '…'], ['a', 'b'])).toBe(false)
    expect(isShown(['…', 'x', '…'], ['a', 'b'])).toBe(false)
    expect(isShown(['a', '…', 'a'], ['a'])).toBe(false)
    expect(isShown(['a', 'b'], ['a', 'b', 'c'])).toBe(false)
  })
})

describe('shorten', () => {
  it('keeps as many lines at the start and the end as were shown', () => {
    expect(shorten(['x', '…', 'x', 'x'], ['a', 'b', 'c', 'd'])).toEqual(['a', '…', 'c', 'd'])
  })

  it('keeps all where nothing was left out, or nothing can be', () => {
    expect(shorten(['x'], ['a', 'b'])).toEqual(['a', 'b'])
    expect(shorten(['x', '…', 'x'], ['a', 'b'])).toEqual(['a', 'b'])
  })
})
