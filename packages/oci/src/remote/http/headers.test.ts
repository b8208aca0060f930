import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRangeStart } from '../download/download.ts'
import { nextQuery } from '../lists.ts'
import { parseUploadRange } from '../upload/upload-session.ts'

/** Headers that hardly an honest server sends, long ones among them. */
const rubbish = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('<'.repeat(50_000), '<>;'.repeat(20_000), ' '.repeat(50_000), '0-'.repeat(20_000)),
)
const offset = fc.integer({ min: 1, max: 2 ** 48 })

describe('Link', () => {
  const query = fc
    .array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 20 })), { minLength: 1 })
    .map(pairs => new URLSearchParams(pairs).toString())

  it('gives the next page, wherever its link stands among others', () => {
    fc.assert(
      fc.property(query, fc.boolean(), fc.boolean(), (text, absolute, first) => {
        const target = `${absolute ? 'https://registry.internal' : ''}/v2/app/tags/list?${text}`
        const next = `<${target}>; rel="next"`
        const other = '</v2/app/tags/list?n=0>; rel="first"'
        expect(nextQuery(first ? `${next}, ${other}` : `${other}, ${next}`)).toBe(
          new URL(target, 'http://registry').search.slice(1),
        )
      }),
    )
  })

  it.each([
    '</v2/app/tags/list?last=a>; rel=next',
    '</v2/app/tags/list?last=a>',
    '<?last=a>; rel="next"',
    '</v2/app/tags/list?last=a>; rel="prefetch next"',
    '</v2/app/tags/list?last=a>; title="a, b; c"; rel="next"',
    '</v2/app/tags/list>; rel="first", <https://other.corp/v2/app/tags/list?last=a> ;REL = "NEXT"',
  ])('%s leads to the next page', link => {
    expect(nextQuery(link)).toBe('last=a')
  })

  it('of any other kind gives no page, and is read quickly', () => {
    fc.assert(fc.property(rubbish, text => nextQuery(text) === undefined))
    expect(nextQuery('</v2/app/tags/list?n=0>; rel="prev"')).toBeUndefined()
    expect(nextQuery(undefined)).toBeUndefined()
  })
})

describe('Content-Range', () => {
  it('gives the first byte', () => {
    fc.assert(
      fc.property(offset, fc.nat(), (start, length) => {
        expect(parseRangeStart(`bytes ${start}-${start + length}/${start + length + 1}`)).toBe(start)
        expect(parseRangeStart(`bytes ${start}-${start + length}/*`)).toBe(start)
      }),
    )
  })

  it.each(['bytes 10-9/20', 'bytes */20', 'bytes 10-', 'items 0-1/2', '', '10-19/20'])(
    '%j says nothing',
    text => {
      expect(parseRangeStart(text)).toBeUndefined()
    },
  )

  it('of any other kind gives no byte', () => {
    fc.assert(
      fc.property(rubbish, text => parseRangeStart(`bytes ${text}`) === undefined || /^\d/.test(text)),
    )
  })
})

describe('Range of an upload', () => {
  it('gives the next byte', () => {
    fc.assert(fc.property(offset, end => parseUploadRange(`0-${end}`) === end + 1))
  })

  it('of any other kind means the first byte', () => {
    fc.assert(fc.property(rubbish, text => parseUploadRange(`1-${text}`) === 0))
    fc.assert(fc.property(rubbish, text => Number.isSafeInteger(parseUploadRange(text))))
  })
})
