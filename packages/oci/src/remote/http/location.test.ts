import { describe, expect, it } from 'vitest'
import { followRedirect, resolveLocation } from './location.ts'

const asked = { method: 'POST', path: 'a/blobs/uploads/', host: 'r.internal' }
const from = new URL('https://r.internal:8443/v2/a/blobs/uploads/')

describe('resolveLocation', () => {
  it('accepts relative and absolute locations', () => {
    expect(resolveLocation(from, '/v2/a/blobs/uploads/1?s=2', asked).href).toBe(
      'https://r.internal:8443/v2/a/blobs/uploads/1?s=2',
    )
    expect(resolveLocation(from, 'https://storage.internal/x', asked).href).toBe('https://storage.internal/x')
  })

  it('reads http of the same host as https', () => {
    expect(resolveLocation(from, 'http://r.internal/v2/x', asked).href).toBe('https://r.internal:8443/v2/x')
  })

  it.each(['http://elsewhere/x', 'ftp://r.internal/x', 'file:///etc/passwd', '', undefined])(
    'refuses %j',
    location => {
      expect(() => resolveLocation(from, location, asked)).toThrow(
        expect.objectContaining({ code: 'protocol' }),
      )
    },
  )

  it('follows a limited number of redirects', () => {
    expect(() => followRedirect(from, from.href, 5, asked)).toThrow(
      expect.objectContaining({ code: 'protocol' }),
    )
  })

  it('removes credentials from the URL', () => {
    expect(resolveLocation(from, 'https://me:secret@r.internal/x', asked).href).toBe('https://r.internal/x')
  })
})
