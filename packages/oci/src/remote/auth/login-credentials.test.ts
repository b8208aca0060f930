import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createContext, type Context } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import type { OciEvent } from '../../events.ts'
import { digestOf } from '../../model/hash.ts'
import { MediaType } from '../../model/descriptor.ts'
import { parseReference } from '../../model/reference.ts'
import { Sensitive } from '../../sensitive.ts'
import type { LoginSource, RepositoryCreator } from './login-source.ts'
import { contentFrom } from '../../store/content.ts'
import { scriptedServer } from '../../testing/scripted-server.ts'
import type { Credentials } from './credentials.ts'
import { createRegistries } from '../registries.ts'

const HOUR = 3_600_000
const blob = Buffer.from('layer')
const layer = { mediaType: MediaType.ociLayerGzip, digest: digestOf(blob), size: blob.byteLength }

/** Gives `token-1`, `token-2`, … and counts. */
function tokens(life = 12 * HOUR, isRefreshToken = false) {
  const source = {
    given: 0,
    login: async (_host: string, context: Context) => ({
      username: 'AWS',
      password: new Sensitive(`token-${++source.given}`),
      expiresAt: context.now() + life,
      isRefreshToken,
    }),
  }
  return source
}

const userOf = ({ headers }: IncomingMessage) =>
  Buffer.from(headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString()

const refuse = (response: ServerResponse, status: number) =>
  void response
    .writeHead(status, status === 401 ? { 'www-authenticate': 'Basic realm="r"' } : {})
    .end('{"errors":[{"code":"DENIED"}]}')

async function open(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  access: LoginSource | (LoginSource & RepositoryCreator),
  { side = 'target', files }: { side?: 'source' | 'target'; files?: Credentials } = {},
) {
  const server = await scriptedServer(answer)
  const events: OciEvent[] = []
  let now = Date.parse('2026-01-01T00:00:00Z')
  const context = createContext({ now: () => now, emit: event => events.push(event), sleep: async () => {} })
  const credentials = files ?? { find: async () => undefined }
  const registries = await createRegistries({ credentials, env: {}, clouds: async () => access }, context)
  const reopen = () => registries.open(side, parseReference(`${server.host}/team/app:1`)).repository
  return {
    repository: reopen(),
    registries,
    open: reopen,
    server,
    events,
    pass: (milliseconds: number) => (now += milliseconds),
    async [Symbol.asyncDispose]() {
      await registries.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe('a login of a cloud', () => {
  /** Lets the newest token in that was said to be valid. */
  const only = (valid: () => string, refusal: () => number) =>
    ((request, response) => {
      if (request.headers.authorization === undefined) return refuse(response, 401)
      if (userOf(request) !== `AWS:${valid()}`) return refuse(response, refusal())
      response.writeHead(200, { 'content-length': layer.size }).end()
    }) satisfies Parameters<typeof scriptedServer>[0]

  it('is requested once, and renewed a quarter of an hour before it expires', async () => {
    const access = tokens()
    await using opened = await open(
      only(
        () => `token-${access.given}`,
        () => 401,
      ),
      access,
    )
    for (const [wait, given] of [
      [0, 1],
      [11 * HOUR, 1],
      [50 * 60_000, 2],
      [HOUR, 2],
    ] as const) {
      opened.pass(wait)
      await Promise.all([1, 2, 3].map(() => opened.repository.exists(layer)))
      expect(access.given).toBe(given)
    }
  })

  it.each([401, 403])('that expires early is renewed after a %i', async status => {
    const access = tokens()
    let valid = 'token-1'
    await using opened = await open(
      only(
        () => valid,
        () => status,
      ),
      access,
    )
    expect(await opened.repository.exists(layer)).toBe(true)
    valid = 'token-2'
    expect(await Promise.all([1, 2, 3].map(() => opened.repository.exists(layer)))).toEqual([
      true,
      true,
      true,
    ])
    expect(access.given).toBe(2)
  })

  it('that was never accepted is not requested again and again', async () => {
    const access = tokens()
    await using opened = await open(
      only(
        () => 'none',
        () => 403,
      ),
      access,
    )
    await expect(opened.repository.exists(layer)).rejects.toMatchObject({ code: 'forbidden' })
    expect(access.given).toBe(1)
  })

  it('is used after the registry has refused the login of a file', async () => {
    const access = tokens()
    const files: Credentials = { find: async () => ({ username: 'AWS', password: 'stale' }) }
    let valid = 'stale'
    await using opened = await open(
      only(
        () => valid,
        () => 403,
      ),
      access,
      { files },
    )
    expect(await opened.repository.exists(layer)).toBe(true)
    expect(access.given).toBe(0)
    valid = 'token-1'
    expect(await opened.repository.exists(layer)).toBe(true)
    expect(await opened.repository.exists(layer)).toBe(true)
    expect(access.given).toBe(1)
    expect(opened.server.seen.filter(request => request.headers.authorization).length).toBe(4)
  })

  it('that is a refresh token is sent to the token server, and renewed when it is refused', async () => {
    const access = tokens(3 * HOUR, true)
    const refused: string[] = []
    let valid = 'token-1'
    await using opened = await open((request, response) => {
      const host = request.headers.host
      if (request.url?.startsWith('/token')) {
        let form = ''
        request.on('data', chunk => (form += chunk))
        request.on('end', () => {
          const token = new URLSearchParams(form).get('refresh_token') ?? ''
          if (token === valid)
            return void response.end(JSON.stringify({ access_token: `for-${token}`, expires_in: 60 }))
          refused.push(token)
          response.writeHead(400).end('{}')
        })
        return
      }
      if (request.headers.authorization === `Bearer for-${valid}`)
        return void response.writeHead(200, { 'content-length': layer.size }).end()
      const challenge = `Bearer realm="http://${host}/token",service="s"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    }, access)
    expect(await opened.repository.exists(layer)).toBe(true)
    valid = 'token-2'
    expect(await opened.repository.exists(layer)).toBe(true)
    expect(refused).toEqual(['token-1'])
    expect(access.given).toBe(2)
  })

  it('that is not available fails a target, and is a warning for a source', async () => {
    const access = {
      login: async () => {
        throw new GpregError('unauthorized', 'no identity', { hint: 'aws sso login' })
      },
    }
    const answer = (_: IncomingMessage, response: ServerResponse) => refuse(response, 401)
    await using target = await open(answer, access)
    await expect(target.repository.exists(layer)).rejects.toMatchObject({ hint: 'aws sso login' })
    await using source = await open(answer, access, { side: 'source' })
    await expect(source.repository.exists(layer)).rejects.toMatchObject({ subject: { status: 401 } })
    expect(source.events).toContainEqual(expect.objectContaining({ code: 'credentials-skipped' }))
  })
})

it('a login of a cloud is not sent to a token server on another host, and one of a file is', async () => {
  await using other = await scriptedServer((_, response) => void response.end('{"token":"t"}'))
  const answer = ({ headers }: IncomingMessage, response: ServerResponse) =>
    headers.authorization === 'Bearer t'
      ? void response.writeHead(200, { 'content-length': layer.size }).end()
      : void response
          .writeHead(401, { 'www-authenticate': `Bearer realm="http://${other.host}/token"` })
          .end()
  await using ofCloud = await open(answer, tokens())
  await expect(ofCloud.repository.exists(layer)).rejects.toMatchObject({
    code: 'protocol',
    message: expect.stringContaining(other.host),
  })
  expect(other.seen).toEqual([])
  await using ofFile = await open(answer, tokens(), {
    files: { find: async () => ({ username: 'of', password: 'file' }) },
  })
  expect(await ofFile.repository.exists(layer)).toBe(true)
})

it('another login of the files is used before that of a cloud', async () => {
  const access = tokens()
  const files: Credentials = {
    find: async (_host, _repository, refused) => ({
      username: 'me',
      password: refused?.password === 'old' ? 'new' : 'old',
    }),
  }
  await using opened = await open(
    (request, response) => {
      if (userOf(request) !== 'me:new') return refuse(response, 401)
      response.writeHead(200, { 'content-length': layer.size }).end()
    },
    access,
    { files },
  )
  expect(await opened.repository.exists(layer)).toBe(true)
  expect(access.given).toBe(0)
})

describe('over plain HTTP to another machine', () => {
  // This address reaches loopback, and is none by its name.
  const open = async (side: 'source' | 'target', files: Credentials, access: LoginSource) => {
    const server = await scriptedServer((request, response) =>
      userOf(request) === 'of:file'
        ? void response.writeHead(200, { 'content-length': layer.size }).end()
        : refuse(response, 401),
    )
    const host = server.host.replace('127.0.0.1', '0.0.0.0')
    const events: OciEvent[] = []
    const context = createContext({ emit: event => events.push(event), sleep: async () => {} })
    const options = { credentials: files, env: {}, plainHttp: [host], clouds: async () => access }
    const registries = await createRegistries(options, context)
    const { repository } = registries.open(side, parseReference(`${host}/team/app:1`))
    return {
      repository,
      server,
      events,
      async [Symbol.asyncDispose]() {
        await registries.close()
        await server[Symbol.asyncDispose]()
      },
    }
  }
  const none: Credentials = { find: async () => undefined }

  it('no cloud is asked for a login, and the error says so', async () => {
    const access = tokens()
    await using target = await open('target', none, access)
    await expect(target.repository.exists(layer)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('over plain HTTP'),
      hint: expect.stringContaining('--plain-http'),
    })
    await using source = await open('source', none, access)
    await expect(source.repository.exists(layer)).rejects.toMatchObject({ subject: { status: 401 } })
    expect(source.events).toContainEqual(expect.objectContaining({ code: 'credentials-skipped' }))
    expect(access.given).toBe(0)
    for (const { seen } of [target.server, source.server])
      expect(seen.every(({ headers }) => headers.authorization === undefined)).toBe(true)
  })

  it('the login of a file goes, as it was given for this host', async () => {
    const access = tokens()
    const files: Credentials = { find: async () => ({ username: 'of', password: 'file' }) }
    await using target = await open('target', files, access)
    expect(await target.repository.exists(layer)).toBe(true)
    expect(access.given).toBe(0)
  })
})

describe('a repository that must be created before the first push', () => {
  it('is created once, when the registry does not know it', async () => {
    const made: string[] = []
    const access = {
      ...tokens(),
      ensureRepository: async (name: string) => void made.push(name),
    }
    await using opened = await open((request, response) => {
      const { method, url } = request
      request.resume()
      if (made.length === 0 && method !== 'HEAD')
        return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}')
      if (method === 'POST') return void response.writeHead(202, { location: `${url}1` }).end()
      request.on('end', () => response.writeHead(201).end())
    }, access)
    const push = () => opened.repository.push(layer, contentFrom(blob))
    await Promise.all([push(), push(), push()])
    expect(made).toEqual(['team/app'])
  })

  it('is created by a later push if that failed, and again after a renewal', async () => {
    let [asked, exists] = [0, false]
    const access = {
      ...tokens(),
      ensureRepository: async () => {
        if (++asked === 1) throw new GpregError('rate-limited', 'throttled')
        exists = true
      },
    }
    await using opened = await open((request, response) => {
      const { method, url } = request
      request.resume()
      if (!exists && method !== 'HEAD') return void response.writeHead(404).end()
      if (method === 'POST') return void response.writeHead(202, { location: `${url}1` }).end()
      request.on('end', () => response.writeHead(201).end())
    }, access)
    const push = () => opened.open().push(layer, contentFrom(blob))
    await expect(push()).rejects.toMatchObject({ code: 'rate-limited' })
    await push()
    exists = false
    await opened.registries.renew()
    await push()
    expect(asked).toBe(3)
  })

  it('that is still unknown after its creation is an error', async () => {
    const access = { ...tokens(), ensureRepository: async () => {} }
    await using opened = await open((_, response) => void response.writeHead(404).end(), access)
    await expect(opened.repository.push(layer, contentFrom(blob))).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})
