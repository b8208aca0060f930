import { describe, expect, it } from 'vitest'
import { push } from '../../artifact/push.ts'
import type { OciEvent } from '../../events.ts'
import { answer, oddRegistry } from '../../testing/odd-registry.ts'
import { openRemote } from '../remote.ts'

const noLogins = { credentials: { find: async () => undefined } }

describe('a host that fails for every request', () => {
  it('is tried no more once it was not reached', async () => {
    const events: OciEvent[] = []
    await using remote = await openRemote({ ...noLogins, onEvent: event => events.push(event) })
    const resolve = (name: string) =>
      remote.artifact(`nowhere.invalid/${name}`).source.repository.resolve('1')
    await expect(resolve('first')).rejects.toMatchObject({ code: 'unreachable' })
    const tried = events.filter(({ type }) => type === 'request').length
    await expect(resolve('second')).rejects.toMatchObject({ code: 'unreachable', retryable: false })
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
})
