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

  it('removes credentials from the URL', () => {
    expect(resolveLocation(from, 'https://me:secret@r.internal/x', asked).href).toBe('https://r.internal/x')
  })
})

describe('followRedirect', () => {
  const answer = (url: string, location: string) => ({ url: new URL(url), header: () => location })

  it('follows a limited number of redirects', async () => {
    await expect(followRedirect(answer(from.href, from.href), 5, asked)).rejects.toMatchObject({
      code: 'protocol',
    })
  })

  it.each(['https://10.0.0.1/x', 'https://127.0.0.1/x', 'https://169.254.169.254/latest', 'https://[::1]/x'])(
    'does not lead from a public address to %s',
    async location => {
      const redirect = followRedirect(answer('https://8.8.8.8/v2/', location), 0, asked)
      await expect(redirect).rejects.toMatchObject({
        code: 'protocol',
        message: expect.stringContaining('inside'),
      })
    },
  )

  it('leads from one private address to another, and from http to http', async () => {
    const next = await followRedirect(answer('http://10.0.0.2:5000/v2/', 'http://10.0.0.1:9000/x'), 0, asked)
    expect(next.href).toBe('http://10.0.0.1:9000/x')
  })

  it('leads from https to http only where the user allows it', async () => {
    const redirect = answer(from.href, 'http://storage.internal:9000/x')
    await expect(followRedirect(redirect, 0, asked)).rejects.toMatchObject({ code: 'protocol' })
    const next = await followRedirect(redirect, 0, asked, ['storage.internal:9000'])
    expect(next.href).toBe('http://storage.internal:9000/x')
  })
})
