import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { digestOf } from '../../model/hash.ts'
import { parseReference } from '../../model/reference.ts'
import { scriptedServer, type ScriptedServer } from '../../testing/scripted-server.ts'
import { createRegistries, type RegistriesOptions } from '../registries.ts'
import type { Credential } from './credential.ts'
import { ANONYMOUS } from './credentials.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function serve(answer: Answer): Promise<ScriptedServer> {
  const server = await scriptedServer(answer)
  cleanups.push(() => server[Symbol.asyncDispose]())
  return server
}

/** Asks a registry that wants the token `good` of this token server. */
async function ask(tokens: ScriptedServer, login?: Credential, options: RegistriesOptions = {}) {
  const registry = await serve((request, response) => {
    const isGood = request.headers.authorization === 'Bearer good'
    const challenge = `Bearer realm="http://${tokens.host}/token",service="r"`
    response.writeHead(isGood ? 200 : 401, isGood ? {} : { 'www-authenticate': challenge }).end()
  })
  const context = createContext({ sleep: async () => {} })
  const credentials = { find: async () => login }
  const registries = await createRegistries({ credentials, env: {}, ...options }, context)
  cleanups.push(() => registries.close())
  const { repository } = registries.open('source', parseReference(`${registry.host}/app:1`))
  return repository.exists({ mediaType: 'application/x', digest: digestOf(Buffer.from('x')), size: 1 })
}

const give: Answer = (_, response) => void response.end('{"token":"good"}')
const password = { username: 'me', password: 'secret' }
const identityToken = { username: '', password: '', identityToken: 'secret' }

/** Sends clients on to another path or another server. */
const redirect =
  (to: string): Answer =>
  (request, response) =>
    request.url?.startsWith('/token')
      ? response.writeHead(307, { location: to }).end()
      : give(request, response)

describe('a redirect of a token server', () => {
  it.each([password, identityToken])('to itself is followed with the login', async login => {
    const tokens = await serve(redirect('/auth?service=r'))
    expect(await ask(tokens, login)).toBe(true)
    const [named, moved] = tokens.seen
    expect(moved).toMatchObject({ method: named?.method, url: '/auth?service=r' })
    expect(moved?.headers.authorization).toBe(named?.headers.authorization)
  })

  it('to another server is followed without it', async () => {
    const elsewhere = await serve(give)
    expect(await ask(await serve(redirect(`http://${elsewhere.host}/`)), password)).toBe(true)
    expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  it('to another server is not followed with a login in its body', async () => {
    const elsewhere = await serve(give)
    const tokens = await serve(redirect(`http://${elsewhere.host}/`))
    await expect(ask(tokens, identityToken)).rejects.toMatchObject({ subject: { status: 307 } })
    expect(elsewhere.seen).toEqual([])
  })

  it('to what may be no token server is refused', async () => {
    const tokens = await serve(redirect('ftp://127.0.0.1/'))
    await expect(ask(tokens, password)).rejects.toMatchObject({ code: 'protocol' })
  })
})

it('a token server that sends nothing is asked once more, because each time takes the whole time-out', async () => {
  const tokens = await serve(() => {})
  await expect(ask(tokens, undefined, { stallTimeout: 500 })).rejects.toMatchObject({ code: 'stalled' })
  expect(tokens.seen).toHaveLength(2)
})

it.each(['the first answer', 'the token'])(
  'a request is given up while it waits with others for %s',
  async what => {
    const asked = Promise.withResolvers<void>()
    const tokens = await serve(() => asked.resolve())
    const registry = await serve((_, response) => {
      if (what === 'the first answer') return asked.resolve()
      const challenge = `Bearer realm="http://${tokens.host}/token"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    })
    const registries = await createRegistries({ credentials: ANONYMOUS, env: {} }, createContext())
    cleanups.push(() => registries.close())
    const { repository } = registries.open('source', parseReference(`${registry.host}/app:1`))
    const [first, second] = [new AbortController(), new AbortController()]
    const pending = repository.resolve('1', { signal: first.signal })
    await asked.promise
    const waiting = repository.resolve('1', { signal: second.signal })
    second.abort('enough')
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
    first.abort('enough')
    await expect(pending).rejects.toMatchObject({ code: 'aborted' })
  },
)

describe('a token server that refuses', () => {
  const refuse: Answer = (_, response) => void response.writeHead(401).end('{"details":"incorrect password"}')

  it('a login says so, and that it was the login', async () => {
    await expect(ask(await serve(refuse), password)).rejects.toMatchObject({
      message: expect.stringMatching(/with the login that is kept for 127\.0\.0\.1:\d+: incorrect password$/),
      hint: expect.stringContaining('log in anew'),
    })
  })

  it('a stranger says how to log in', async () => {
    await expect(ask(await serve(refuse))).rejects.toMatchObject({
      message: expect.not.stringContaining('kept for'),
      hint: expect.stringMatching(/^log in with gpreg login 127/),
    })
  })
})
