import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attach } from '../artifact/attach.ts'
import { pack } from '../artifact/pack.ts'
import { push } from '../artifact/push.ts'
import { createContext } from '../context.ts'
import type { OciEvent } from '../events.ts'
import type { EngineOptions } from './survey/item.ts'
import { unfinishedReferrers } from './memory/unfinished-referrers.ts'
import { planTransfer } from './plan.ts'
import { executePlan } from './execute.ts'
import { cosignTag } from './survey/referrers.ts'
import { engineOptions, itemOf } from './copy.ts'
import { openRemote } from '../remote/remote.ts'
import { artifactIn } from '../store/artifact.ts'
import { answer, oddRegistry, type Oddity, type OddRegistry } from '../testing/odd-registry.ts'
import { hangingUp, refusing, rewriting, withoutReferrersApi } from '../testing/oddities.ts'

const REPORT = 'application/vnd.example.report.v1'
const SIGNATURE = 'application/vnd.example.signature.v1'

/** A source with two images that share a layer, a target, and a way to copy between them. */
async function registries() {
  const [source, target] = [await oddRegistry(), await oddRegistry()]
  for (const name of ['app:1', 'web:1']) {
    const image = artifactIn(source.store, name)
    const shared = await push(image, 'a layer that both have')
    const own = await push(image, `only in ${name}`)
    await pack(image, { artifactType: REPORT, layers: [shared, own] })
  }
  const events: OciEvent[] = []
  const remote = await openRemote({
    credentials: { find: async () => undefined },
    onEvent: event => events.push(event),
  })
  const pair = (name: string) => ({
    from: remote.artifact(`${source.host}/${name}`),
    to: remote.artifact(`${target.host}/x/${name}`),
  })
  const run = async (names: string[], more: Partial<EngineOptions> = {}) => {
    const context = createContext({ emit: event => events.push(event) })
    const options = { ...engineOptions({}), ...more }
    const items = names.map(name => itemOf(pair(name)))
    return executePlan(await planTransfer(items, options, context), options, context)
  }
  return {
    source,
    target,
    run,
    warnings: () => events.flatMap(event => (event.type === 'warning' ? [event.code] : [])),
    async [Symbol.asyncDispose]() {
      await remote.close()
      await source[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
    },
  }
}

const has = async ({ store }: OddRegistry, name: string) => {
  const { repository } = artifactIn(store, name).target
  return repository.resolve('1').then(
    () => true,
    () => false,
  )
}

it('a source that has images for GET alone is read, also when the target has them', async () => {
  await using at = await registries()
  at.source.oddities.push(refusing('HEAD', /manifests/, 404))
  for (const status of ['copied', 'up-to-date'])
    expect((await at.run(['app:1'])).images).toMatchObject([{ status }])
})

describe('a refused mount', () => {
  it.each([400, 401, 402, 403, 404, 405, 409, 415, 501])('with status %i is an upload', async status => {
    await using at = await registries()
    at.target.oddities.push(refusing('POST', /mount=/, status))
    const { images } = await at.run(['app:1', 'web:1'])
    expect(images.map(image => image.status)).toEqual(['copied', 'copied'])
    expect(await has(at.target, 'x/web:1')).toBe(true)
    expect(at.warnings()).toEqual(['mount-refused'])
  })

  it('without an answer is an upload', async () => {
    await using at = await registries()
    at.target.oddities.push(hangingUp('POST', /mount=/))
    const { images } = await at.run(['app:1', 'web:1'])
    expect(images.map(image => image.status)).toEqual(['copied', 'copied'])
    expect(at.warnings()).toEqual([])
  })

  it('is not asked for again', async () => {
    await using at = await registries()
    at.target.oddities.push(refusing('POST', /mount=/, 405))
    await at.run(['app:1', 'web:1'])
    const asked = at.target.seen.filter(({ url }) => url.includes('mount=')).length
    const image = artifactIn(at.source.store, 'third:1')
    await pack(image, { artifactType: REPORT, layers: [await push(image, 'a layer that both have')] })
    await at.run(['third:1'])
    expect(at.target.seen.filter(({ url }) => url.includes('mount=')).length).toBe(asked)
  })
})

describe('a refused HEAD', () => {
  it.each([400, 401, 403, 405, 500, 501, 503])(
    'of manifests and blobs with status %i is a GET',
    async status => {
      await using at = await registries()
      for (const registry of [at.source, at.target]) registry.oddities.push(refusing('HEAD', /./, status))
      expect((await at.run(['app:1', 'web:1'])).images.map(image => image.status)).toEqual([
        'copied',
        'copied',
      ])
      const again = await at.run(['app:1', 'web:1'])
      expect(again.images.map(image => image.status)).toEqual(['up-to-date', 'up-to-date'])
    },
  )

  it('and GET for what is not there yet is answered by a push', async () => {
    await using at = await registries()
    at.target.oddities.push((request, response) => {
      const isRead = request.method === 'HEAD' || request.method === 'GET'
      return isRead && request.url !== '/v2/' && answer(response, 403)
    })
    expect((await at.run(['app:1'])).images.map(image => image.status)).toEqual(['copied'])
  })
})

describe('a HEAD that fails once', () => {
  it('does not turn later ones into GET, which Docker Hub counts', async () => {
    await using at = await registries()
    let failures = 0
    at.target.oddities.push(
      ({ method }, response) => method === 'HEAD' && failures++ < 1 && answer(response, 503),
    )
    await at.run(['app:1'])
    const before = at.target.seen.length
    expect((await at.run(['app:1'])).images).toMatchObject([{ status: 'up-to-date' }])
    expect(at.target.seen.slice(before).map(({ method }) => method)).toContain('HEAD')
  })
})

describe('a PUT of a manifest', () => {
  it.each([200, 202, 204])('that succeeds with status %i is done', async status => {
    await using at = await registries()
    at.target.oddities.push(rewriting('PUT', /manifests/, () => ({ status })))
    expect((await at.run(['app:1'])).images).toMatchObject([{ status: 'copied' }])
    expect(await has(at.target, 'x/app:1')).toBe(true)
  })
})

describe('a PUT with a body', () => {
  const hasBody = ({
    method,
    url,
    headers,
  }: Pick<OddRegistry['seen'][number], 'method' | 'url' | 'headers'>) =>
    method === 'PUT' && url.includes('/uploads/') && headers['content-length'] !== '0'
  const refusingBodies: Oddity = (request, response) => {
    const { method = '', url = '', headers } = request
    if (!hasBody({ method, url, headers })) return false
    request.resume()
    return answer(response, 400)
  }

  it('that is refused is sent in chunks, and so is every later one', async () => {
    await using at = await registries()
    at.target.oddities.push(refusingBodies)
    expect((await at.run(['app:1'])).images).toMatchObject([{ status: 'copied' }])
    const before = at.target.seen.filter(hasBody).length
    expect((await at.run(['web:1'])).images).toMatchObject([{ status: 'copied' }])
    expect([before > 0, at.target.seen.filter(hasBody).length - before]).toEqual([true, 0])
  })

  it('fails with the reason of the registry if chunks are refused, too', async () => {
    await using at = await registries()
    at.target.oddities.push(refusingBodies, refusing('PATCH', /./, 400))
    const { images } = await at.run(['app:1'])
    expect(images).toMatchObject([{ status: 'failed', error: { subject: { status: 400 } } }])
  })
})

describe('the question for referrers', () => {
  it.each([
    [400, '{"errors":[]}'],
    [405, ''],
    [406, ''],
    [501, ''],
    [200, '<html>log in</html>'],
    [200, ''],
    [200, '{}'],
    [200, '[]'],
    [200, '{"schemaVersion":2,"config":{}}'],
  ])('answered with %i %s is none, and that is said once', async (status, body) => {
    await using at = await registries()
    at.source.oddities.push(refusing('GET', /\/referrers\//, status, body))
    const { images } = await at.run(['app:1', 'web:1'])
    expect(images).toMatchObject([{ status: 'copied' }, { status: 'copied' }])
    expect(images[0]?.referrersUnknown).toBeUndefined()
    expect(at.warnings()).toEqual(['referrers-unlisted'])
  })

  it.each([401, 403])('answered with %i leaves them unknown', async status => {
    await using at = await registries()
    at.source.oddities.push(refusing('GET', /\/referrers\//, status))
    const { images } = await at.run(['app:1'])
    expect(images).toMatchObject([{ status: 'copied', referrersUnknown: { subject: { status } } }])
    expect(at.warnings()).toEqual(['referrers-left-out'])
    const required = await at.run(['web:1'], { requireReferrers: true })
    expect(required.images).toMatchObject([{ status: 'failed', error: { subject: { status } } }])
  })
})

describe('an image copied without its referrers', () => {
  it('has them looked for again by the next run, and not by the one after', async () => {
    await using at = await registries()
    const directory = await mkdtemp(join(tmpdir(), 'unfinished-'))
    const layers = [await push(artifactIn(at.source.store, 'app:1'), 'signature')]
    const { digest } = await attach(artifactIn(at.source.store, 'app:1'), { artifactType: SIGNATURE, layers })
    const refusal = refusing('GET', /\/referrers\//, 403)
    at.source.oddities.push(refusal)
    const next = () => at.run(['app:1'], { unfinished: unfinishedReferrers(directory, createContext()) })
    expect((await next()).images).toMatchObject([{ status: 'copied', referrersUnknown: {} }])
    expect((await next()).images).toMatchObject([{ status: 'up-to-date', referrersUnknown: {} }])
    at.source.oddities.length = 0
    expect((await next()).images[0]?.referrersUnknown).toBeUndefined()
    await artifactIn(at.target.store, 'x/app:1').source.repository.resolve(digest)
    const before = at.source.seen.length
    expect((await next()).images).toMatchObject([{ status: 'up-to-date' }])
    expect(at.source.seen.slice(before).filter(({ url }) => url.includes('referrers'))).toEqual([])
    await rm(directory, { recursive: true })
  })
})

describe('a referrer that cannot be copied', () => {
  it.each([
    'its blob is lost at the source',
    'its manifest is lost at the source',
    'the target refuses its manifest',
  ])('fails by itself if %s', async why => {
    await using at = await registries()
    const image = artifactIn(at.source.store, 'app:1')
    const layer = await push(image, 'signature')
    const { digest } = await attach(image, { artifactType: SIGNATURE, layers: [layer] })
    const [side, oddity] =
      why === 'its blob is lost at the source'
        ? [at.source, refusing('GET', new RegExp(`blobs/${layer.digest}`), 404)]
        : why === 'its manifest is lost at the source'
          ? [at.source, refusing('GET', new RegExp(`manifests/${digest}`), 404)]
          : [at.target, refusing('PUT', new RegExp(`manifests/${digest}`), 400)]
    side.oddities.push(oddity)
    const failed = [
      {
        referrer: { descriptor: { digest } },
        error: { subject: { side: side === at.source ? 'source' : 'target' } },
      },
    ]
    expect((await at.run(['app:1'])).images).toMatchObject([{ status: 'copied', failedReferrers: failed }])
    expect(await has(at.target, 'x/app:1')).toBe(true)
  })

  it('fails its image if referrers are required', async () => {
    await using at = await registries()
    const { digest } = await attach(artifactIn(at.source.store, 'app:1'), { artifactType: SIGNATURE })
    at.target.oddities.push(refusing('PUT', new RegExp(`manifests/${digest}`), 400))
    const { images } = await at.run(['app:1'], { requireReferrers: true })
    expect(images).toMatchObject([{ status: 'failed' }])
    expect(await has(at.target, 'x/app:1')).toBe(false)
  })
})

describe('a fallback tag of referrers', () => {
  it('that answers with the image itself, as GitLab does, is no list', async () => {
    await using at = await registries()
    at.source.oddities.push(withoutReferrersApi, (request, response) => {
      if (request.url!.includes('/tags/list')) return answer(response, 403)
      request.url = request.url!.replace(/manifests\/sha256-([0-9a-f]{64})$/, 'manifests/sha256:$1')
      return false
    })
    const { images } = await at.run(['app:1'])
    expect(images).toMatchObject([{ status: 'copied' }])
    expect(images[0]?.failedReferrers).toBeUndefined()
  })

  it('that holds something else is neither copied nor overwritten', async () => {
    await using at = await registries()
    at.target.oddities.push(withoutReferrersApi)
    const image = artifactIn(at.source.store, 'app:1')
    const subject = await image.source.repository.resolve('1')
    await attach(image, { artifactType: SIGNATURE })
    const tag = cosignTag(subject.digest, 'sig').slice(0, -4)
    const taken = await pack(artifactIn(at.target.store, `x/app:${tag}`), { artifactType: REPORT })
    expect((await at.run(['app:1'])).images).toMatchObject([{ status: 'copied' }])
    const held = await artifactIn(at.target.store, 'x/app:1').source.repository.resolve(tag)
    expect(held.digest).toBe(taken.digest)
    expect(at.warnings()).toContain('referrers-unlisted')
  })
})
