import { inspect } from 'node:util'
import { createContext } from '@gpreg/core'
import { describe, expect, it } from 'vitest'
import { createGoogleAccess } from './google-access.ts'
import type { TokenSource } from './google-login.ts'

const context = createContext({ now: () => 1_000, sleep: async () => {} })

/** A client that gives the answers one after the other. */
function answering(...answers: (string | null | Error)[]): TokenSource & { readonly asked: () => number } {
  let asked = 0
  const getAccessToken = async () => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!
    if (answer instanceof Error) throw answer
    return { token: answer }
  }
  return {
    getClient: async () => ({ getAccessToken, credentials: { expiry_date: 3_600_000 } }),
    asked: () => asked,
  }
}

const loginWith = (auth: TokenSource) => createGoogleAccess({ auth }).login('eu.gcr.io', context)

describe('the login of Google Cloud', () => {
  it('is an access token with its expiry date', async () => {
    const { username, password, expiresAt } = await loginWith(answering('ya29.token'))
    expect([username, password.reveal(), expiresAt]).toEqual(['oauth2accesstoken', 'ya29.token', 3_600_000])
  })

  it.each(['gcr.io.attacker.com', 'registry.internal', 'gcr.io:8443', 'team.azurecr.io'])(
    'is not given to %s',
    async host => {
      const auth = answering('ya29.token')
      await expect(createGoogleAccess({ auth }).login(host, context)).rejects.toMatchObject({ code: 'usage' })
      expect(auth.asked()).toBe(0)
    },
  )

  it('is valid for 5 minutes if Google gives no expiry date', async () => {
    const getClient = async () => ({ getAccessToken: async () => ({ token: 't' }), credentials: {} })
    expect(await loginWith({ getClient })).toMatchObject({ expiresAt: 301_000 })
  })

  it('is requested again after a broken connection', async () => {
    const broken = Object.assign(new Error('reset'), { config: {}, code: 'ECONNRESET' })
    const auth = answering(broken, 'ya29.token')
    await loginWith(auth)
    expect(auth.asked()).toBe(2)
  })

  it.each([
    ['no token', null],
    ['an expired login', Object.assign(new Error('{"error":"invalid_grant"}'), { config: {}, status: 400 })],
    ['no credentials', new Error('Could not load the default credentials.')],
  ])('is refused without a retry: %s', async (_, answer) => {
    const auth = answering(answer)
    await expect(loginWith(auth)).rejects.toMatchObject({
      code: 'unauthorized',
      subject: { host: 'eu.gcr.io' },
    })
    expect(auth.asked()).toBe(1)
  })

  it('shows nothing of the request in an error', async () => {
    const config = { data: 'assertion=canary' }
    const error: unknown = await loginWith(
      answering(Object.assign(new Error('no'), { config, status: 400 })),
    ).catch((thrown: unknown) => thrown)
    expect(inspect(error, { depth: 9 })).not.toContain('canary')
  })
})
