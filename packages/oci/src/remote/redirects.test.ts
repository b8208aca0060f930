import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { pack } from '../artifact/pack.ts'
import { push } from '../artifact/push.ts'
import { copy } from '../copy/copy.ts'
import { artifactIn } from '../store/artifact.ts'
import { answer, oddRegistry, type OddRegistry } from '../testing/odd-registry.ts'
import { redirecting, rewriting, type Head } from '../testing/oddities.ts'
import { openRemote } from './remote.ts'

const noLogins = { credentials: { find: async () => undefined } }
const REPORT = 'application/vnd.example.report.v1'

/** Pushes an artifact with a small blob and a larger one. */
async function pushTo({ host }: OddRegistry, size = 300_000) {
  await using remote = await openRemote(noLogins)
  const artifact = remote.artifact(`${host}/app:1`)
  const layers = [await push(artifact, 'small'), await push(artifact, Buffer.alloc(size, 'gpreg'))]
  return await pack(artifact, { artifactType: REPORT, layers })
}

const digestAt = async ({ store }: OddRegistry) =>
  (await artifactIn(store, 'app:1').source.repository.resolve('1')).digest

describe('a redirect', () => {
  it.each([301, 302, 307, 308])(
    'with status %i of a POST, PUT or PATCH keeps method and body',
    async status => {
      await using front = await oddRegistry()
      await using back = await oddRegistry()
      const to = ({ url }: IncomingMessage) => `http://${back.host}${url}`
      front.oddities.push(redirecting('POST PUT PATCH HEAD GET', /\/v2\/app\//, status, to))
      const { digest } = await pushTo(front)
      expect(await digestAt(back)).toBe(digest)
    },
  )

  it('to itself is followed five times at most', async () => {
    await using front = await oddRegistry()
    front.oddities.push(redirecting('POST', /uploads/, 307, ({ url }) => url!))
    await expect(pushTo(front)).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('5 times'),
    })
  })

  it('leads to a host whose pulls are not those of the registry', async () => {
    await using front = await oddRegistry()
    await using back = await oddRegistry()
    const [own, other] = [await pushTo(front), await pushTo(back)]
    const noneLeft = ({ headers }: Head) => ({ headers: { ...headers, 'ratelimit-remaining': '0;w=21600' } })
    back.oddities.push(rewriting('HEAD', /manifests/, noneLeft))
    front.oddities.push(redirecting('HEAD', /manifests/, 307, ({ url }) => `http://${back.host}${url}`))
    await using remote = await openRemote(noLogins)
    const { repository } = remote.artifact(`${front.host}/app:1`).target
    expect((await repository.resolve('1')).digest).toBe(other.digest)
    expect((await repository.readNamed('1')).descriptor.digest).toBe(own.digest)
  })

  it('with status 303 of a POST is an error, because it would lose the body', async () => {
    await using front = await oddRegistry()
    front.oddities.push(redirecting('POST', /uploads/, 303, ({ url }) => url!))
    await expect(pushTo(front)).rejects.toMatchObject({ subject: { status: 303 } })
  })

  it.each([
    ['a closed port', 'http://127.0.0.1:1/bucket/key?X-Amz-Signature=secret', '127.0.0.1:1'],
    ['an unknown name', 'http://storage.invalid:9000/bucket/key?sig=secret', 'storage.invalid:9000'],
  ])('of a blob to %s fails with the name of that host, soon', async (_, location, host) => {
    await using source = await oddRegistry()
    await using target = await oddRegistry()
    await pushTo(source)
    source.oddities.push(redirecting('GET', /\/blobs\/sha256/, 307, () => location))
    await using remote = await openRemote(noLogins)
    const copying = copy(remote.artifact(`${source.host}/app:1`), remote.artifact(`${target.host}/app:1`))
    const error = await copying.then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({
      code: 'unreachable',
      subject: { host },
      hint: expect.stringContaining(host),
    })
    expect(error?.message).toContain(`${source.host} sends clients`)
    expect(error?.message).not.toContain('secret')
    expect(source.seen.filter(({ url }) => url.includes('/blobs/sha256')).length).toBeLessThan(15)
  })
})

describe('the address that a registry gives for an upload', () => {
  it.each([
    ['without its port', (host: string) => `http://${host.replace(/:.*/, '')}`],
    ['with a name of its own network', () => 'http://registry.invalid:5000'],
    ['with another scheme', (host: string) => `https://${host}`],
    ['with the port of another server', () => undefined],
  ])('%s is replaced by its own', async (_, origin) => {
    await using front = await oddRegistry()
    await using other = await oddRegistry((_, response) => answer(response, 404))
    const base = origin(front.host) ?? `http://${other.host}`
    front.oddities.push(
      rewriting('POST PATCH', /./, ({ headers }) => ({
        headers: { ...headers, location: `${base}${headers['location']}` },
      })),
    )
    const { digest } = await pushTo(front)
    expect(await digestAt(front)).toBe(digest)
  })
})
