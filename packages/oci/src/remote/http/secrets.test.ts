import type { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createContext } from '../../context.ts'
import { toGpregError, GpregError } from '../../errors.ts'
import type { OciEvent } from '../../events.ts'
import { scriptedServer } from '../../testing/scripted-server.ts'
import { createRegistries } from '../registries.ts'
import { Secrets } from './secrets.ts'

const LOGIN = { username: 'robot', password: 'CANARYpass/555' }
const BASIC = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`

describe('scrubbing', () => {
  const secrets = new Secrets()
  secrets.learnHeader(BASIC)

  it.each([
    ['the header', BASIC],
    ['its value', BASIC.slice(6)],
    ['its value without padding', BASIC.slice(6).replace(/=+$/, '')],
    ['the login', 'robot:CANARYpass/555'],
    ['the password', 'CANARYpass/555'],
    ['the password in a URL', 'CANARYpass%2F555'],
    ['the password in base64', Buffer.from('CANARYpass/555').toString('base64')],
  ])('removes %s', (_, text) => expect(secrets.scrub(`you sent ${text}!`)).not.toContain(text))

  it('removes signatures from URLs and leaves the rest', () =>
    expect(secrets.scrub('see https://s3/x?X-Amz-Signature=CANARYsig&partNumber=1 ok')).toBe(
      'see https://s3/x?X-Amz-Signature=[secret]&partNumber=[secret] ok',
    ))

  it('leaves other text unchanged', () =>
    expect(secrets.scrub('robot may not push')).toBe('robot may not push'))

  it('drops a cause that holds the secret', () => {
    const cause = new Error(`sent ${LOGIN.password}`)
    expect(secrets.scrubError(new GpregError('protocol', 'no answer', { cause })).cause).toBeUndefined()
  })
})

describe('the tokens of very many repositories', () => {
  const tokenOf = (index: number) => `${index}.`.padEnd(200, 'tOken/')

  it('are removed from text while they are in use, and a login always', () => {
    const secrets = new Secrets()
    secrets.learnHeader(BASIC)
    for (let index = 0; index < 4_000; index++) {
      secrets.learnHeader(`Bearer ${tokenOf(index)}`)
      secrets.learnHeader(`Bearer ${tokenOf(0)}`)
      const said = [index, Math.max(0, index - 100), 0].map(tokenOf).join(' ')
      expect(secrets.scrub(`${said} ${LOGIN.password}`)).toBe(Array(4).fill('[secret]').join(' '))
    }
    expect(secrets.scrub(tokenOf(1))).toBe(tokenOf(1))
  })
})

/** Everything that a caller is shown of a failure: the error with its causes, and all events. */
async function shown(respond: Parameters<typeof scriptedServer>[0]): Promise<string> {
  const server = await scriptedServer(respond)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const events: OciEvent[] = []
  const context = createContext({ emit: event => events.push(event), sleep: async () => {} })
  const registries = await createRegistries({ credentials: { find: async () => LOGIN } }, context)
  onTestFinished(() => registries.close())
  const { repository } = registries.open('source', { host: server.host, repository: 'a/b' })
  const texts: string[] = []
  for (const work of [
    () => repository.resolve('1'),
    () => repository.readNamed('1'),
    () => repository.referrers(`sha256:${'0'.repeat(64)}`),
    () => Array.fromAsync(repository.tags()),
    () =>
      repository.tag(
        '1',
        { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 1 },
        Buffer.from('1'),
      ),
    () => repository.mount({ mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 1 }, 'c'),
  ]) {
    try {
      texts.push(JSON.stringify(await work()) ?? '')
    } catch (thrown) {
      for (let error: unknown = toGpregError(thrown); error instanceof Error; error = error.cause)
        texts.push(error.message, JSON.stringify(error))
    }
  }
  const told = events.map(event =>
    'error' in event ? `${event.error.message} ${JSON.stringify(event)}` : JSON.stringify(event),
  )
  return [...texts, ...told].join('\n')
}

const challenge = (host: string, bearer: boolean) =>
  bearer ? `Bearer realm="http://${host}/token",service="x"` : 'Basic realm="x"'

describe.each([false, true])('a registry (bearer tokens: %s) that repeats a secret', bearer => {
  const asking =
    (reflect: (sent: string, ...rest: Parameters<Parameters<typeof createServer>[1] & object>) => void) =>
    (...[request, response]: Parameters<Parameters<typeof scriptedServer>[0]>) => {
      const sent = request.headers.authorization
      request.resume()
      if (request.url?.startsWith('/token'))
        return void response.end(
          JSON.stringify({ token: 'CANARYbearer777', refresh_token: 'CANARYrefresh888' }),
        )
      if (sent === undefined)
        return void response
          .writeHead(401, { 'www-authenticate': challenge(request.headers.host!, bearer) })
          .end()
      reflect(sent, request as never, response as never)
    }
  const decoded = (sent: string) => Buffer.from(sent.split(' ')[1]!, 'base64').toString()

  it.each([403, 404, 429, 500])('in errors with the status %s', async status => {
    const text = await shown(
      asking((sent, _, response) => {
        const errors = [
          {
            code: `DENIED ${sent}`,
            message: `${sent} is ${decoded(sent)}${bearer ? ', CANARYrefresh888' : ''}`,
          },
        ]
        response.writeHead(status, { warning: `299 - "${sent}"` }).end(JSON.stringify({ errors }))
      }),
    )
    expect(text).toContain('DENIED')
    expect(text).not.toMatch(/CANARY|Um9ib3|cm9ib3/)
  })

  it('in a text that is cut in the middle of the secret', async () => {
    const text = await shown(
      asking((sent, _, response) => {
        const errors = [{ code: 'X', message: `${'.'.repeat(290)}${sent}` }]
        response.writeHead(403).end(JSON.stringify({ errors }))
      }),
    )
    expect(text).not.toMatch(/CANARY|Basic cm|Bearer C/)
  })

  it.each([
    ['a content type', (sent: string) => ({ 'content-type': `${sent.slice(7)}/x` })],
    [
      'a host to go on at',
      (sent: string) => ({ location: `ftp://${sent.split(' ')[1]!.replace(/=/g, '')}/x` }),
    ],
    ['a digest', (sent: string) => ({ 'docker-content-digest': sent })],
    ['a link', (sent: string) => ({ link: `</v2/a/b/tags/list?x=${sent}>; rel="next"` })],
  ])('in a header: %s', async (_, headers) => {
    const text = await shown(
      asking((sent, request, response) => {
        const status = 'location' in headers(sent) ? 307 : 200
        response.writeHead(status, { ...headers(sent), 'content-length': '2' })
        response.end(request.method === 'HEAD' ? undefined : '{}')
      }),
    )
    expect(text).not.toMatch(/CANARY|cm9ib3/)
  })

  it('in the path of an upload', async () => {
    const text = await shown(
      asking((sent, request, response) => {
        if (request.method !== 'POST') return void response.writeHead(404).end()
        response.writeHead(202, { location: `/v2/a/b/${sent.split(' ')[1]}` }).end()
      }),
    )
    expect(text).not.toMatch(/CANARY|cm9ib3/)
  })
})
