import { afterEach, describe, expect, it } from 'vitest'
import { MediaType } from '../model/descriptor.ts'
import { digestOf } from '../model/hash.ts'
import { contentFrom } from '../store/content.ts'
import { scriptedServer } from '../testing/scripted-server.ts'
import { openRemote, type RemoteOptions } from './remote.ts'
import type { RemoteRepository } from './repository.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A registry that takes requests and never answers. */
async function silentRegistry(options: RemoteOptions = {}) {
  let heard = () => {}
  const asked = new Promise<void>(resolve => (heard = resolve))
  const server = await scriptedServer(() => heard())
  cleanups.push(() => server[Symbol.asyncDispose]())
  const remote = await openRemote({ credentials: { find: async () => undefined }, ...options })
  cleanups.push(() => remote.close())
  return { remote, repository: remote.artifact(`${server.host}/team/app:1`).target.repository, asked }
}

const bytes = Buffer.from('{}')
const blob = { mediaType: MediaType.octetStream, digest: digestOf(bytes), size: bytes.byteLength }
const manifest = { ...blob, mediaType: MediaType.ociManifest }

const CALLS: Readonly<Record<string, (on: RemoteRepository, signal?: AbortSignal) => Promise<unknown>>> = {
  resolve: (on, signal) => on.resolve('1', { signal }),
  readNamed: (on, signal) => on.readNamed('1', { signal }),
  fetch: (on, signal) => Array.fromAsync(on.fetch(blob, { signal })),
  exists: (on, signal) => on.exists(blob, { signal }),
  isEmpty: (on, signal) => on.isEmpty({ signal }),
  push: (on, signal) => on.push(blob, contentFrom(bytes), { signal }),
  pushUnlessStored: (on, signal) => on.pushUnlessStored(blob, contentFrom(bytes), { signal }),
  tag: (on, signal) => on.tag('1', manifest, bytes, { signal }),
  mount: (on, signal) => on.mount(blob, 'team/other', { signal }),
  delete: (on, signal) => on.delete(blob, { signal }),
  untag: (on, signal) => on.untag('1', { signal }),
  tags: (on, signal) => Array.fromAsync(on.tags({ signal })),
  referrers: (on, signal) => on.referrers(blob.digest, { signal }),
}

describe.each(Object.entries(CALLS))('%s', (_, call) => {
  it('ends with the signal of the remote, even if it has one of its own', async () => {
    const whole = new AbortController()
    const { repository, asked } = await silentRegistry({ signal: whole.signal })
    const ended = expect(call(repository, new AbortController().signal)).rejects.toMatchObject({
      code: 'aborted',
    })
    await asked
    whole.abort()
    await ended
  })

  it('ends with its own signal', async () => {
    const own = new AbortController()
    const { repository, asked } = await silentRegistry()
    const ended = expect(call(repository, own.signal)).rejects.toMatchObject({ code: 'aborted' })
    await asked
    own.abort()
    await ended
  })

  it('ends when the remote is closed, and does not begin any more', async () => {
    const { remote, repository, asked } = await silentRegistry()
    const closed = { code: 'aborted', message: 'the connections to registries were closed' }
    const ended = expect(call(repository)).rejects.toMatchObject(closed)
    await asked
    await remote.close()
    await ended
    await expect(call(repository, new AbortController().signal)).rejects.toMatchObject(closed)
  })
})
