import { describe, expect, it } from 'vitest'
import { resolve } from '../../artifact/fetch.ts'
import { push } from '../../artifact/push.ts'
import { createContext } from '../../context.ts'
import type { OciEvent } from '../../events.ts'
import { createRegistryServer } from '../../serve/server.ts'
import { MemoryStore } from '../../store/memory-store.ts'
import { answer, oddRegistry } from '../../testing/odd-registry.ts'
import { pushSample, sampleImage } from '../../testing/sample-image.ts'
import { scriptedServer } from '../../testing/scripted-server.ts'
import { createRegistries } from '../registries.ts'
import { openRemote, Remote } from '../remote.ts'

const noLogins = { credentials: { find: async () => undefined } }

/** A program that lives for long, with a clock that goes on when it is told to. */
async function longLife() {
  let [seconds, requests] = [0, 0]
  const context = createContext({
    elapsed: () => seconds * 1000,
    sleep: async () => {},
    emit: ({ type }) => type === 'request' && requests++,
  })
  const remote = new Remote(await createRegistries(noLogins, context))
  return {
    remote,
    after: (more: number) => void (seconds += more),
    requests: () => requests,
    [Symbol.asyncDispose]: () => remote.close(),
  }
}

/** An address at which nothing listens. */
async function deadHost(): Promise<string> {
  const { host, ...server } = await scriptedServer(() => {})
  await server[Symbol.asyncDispose]()
  return host
}

describe('a host that fails for every request', () => {
  it('is tried no more once it was not reached', async () => {
    const events: OciEvent[] = []
    await using remote = await openRemote({ ...noLogins, onEvent: event => events.push(event) })
    const ask = (name: string) => resolve(remote.artifact(`nowhere.invalid/${name}:1`))
    await expect(ask('first')).rejects.toMatchObject({ code: 'unreachable' })
    const tried = events.filter(({ type }) => type === 'request').length
    await expect(ask('second')).rejects.toMatchObject({ code: 'unreachable', retryable: false })
    expect(events.filter(({ type }) => type === 'request').length).toBe(tried)
  })

  it('is sent nothing more once its disk is full, and is still read', async () => {
    await using registry = await oddRegistry(
      ({ method }, response) => method === 'POST' && answer(response, 507),
    )
    await using remote = await openRemote(noLogins)
    const artifact = remote.artifact(`${registry.host}/app:1`)
    await expect(push(artifact, 'one')).rejects.toMatchObject({ subject: { status: 507 } })
    const posts = () => registry.seen.filter(({ method }) => method === 'POST').length
    const before = posts()
    await expect(push(artifact, 'two')).rejects.toMatchObject({ subject: { status: 507 } })
    expect(posts()).toBe(before)
  })

  it('is asked again after half a minute, then after a minute, and so on up to five', async () => {
    await using life = await longLife()
    const image = life.remote.artifact(`${await deadHost()}/app:1`)
    const asks = async () => {
      const before = life.requests()
      await expect(resolve(image)).rejects.toMatchObject({ code: 'unreachable' })
      return life.requests() > before
    }
    expect(await asks()).toBe(true)
    for (const wait of [30, 60, 120, 240, 300, 300]) {
      life.after(wait - 1)
      expect(await asks()).toBe(false)
      life.after(1)
      expect(await asks()).toBe(true)
    }
  })

  it('is found again when it is back, whichever scheme it then speaks', async () => {
    await using life = await longLife()
    const host = await deadHost()
    const image = life.remote.artifact(`${host}/app:1`)
    await expect(resolve(image)).rejects.toMatchObject({ code: 'unreachable' })
    const store = new MemoryStore()
    await pushSample(store.repository('app'), sampleImage(['a']), '1')
    const [address, port] = host.split(':')
    const server = await createRegistryServer(store).listen(address!, Number(port))
    life.after(30)
    expect(await resolve(image)).toMatchObject({ digest: sampleImage(['a']).descriptor.digest })
    await server.close()
  })

  it('is sent something again once its disk has room', async () => {
    let isFull = true
    await using registry = await oddRegistry(
      ({ method }, response) => isFull && method === 'POST' && answer(response, 507),
    )
    await using life = await longLife()
    const image = life.remote.artifact(`${registry.host}/app:1`)
    await expect(push(image, 'one')).rejects.toMatchObject({ subject: { status: 507 } })
    isFull = false
    life.after(30)
    expect(await push(image, 'one')).toMatchObject({ size: 3 })
  })
})
