import { describe, expect, it } from 'vitest'
import { digestOf } from '@gpreg/oci'
import { createReport } from './create-report.ts'
import { parseReportDocument } from './documents.ts'

const [digest, old] = [digestOf('redis'), digestOf('an older redis')]
const blobs = [
  { digest: digestOf('shared'), size: 100 },
  { digest: digestOf('own'), size: 20 },
]
const [source, target] = ['docker.io/library/redis:6.2', 'registry.internal/gitpod/library/redis:6.2']
const content = { platforms: ['linux/amd64'], bytes: 120, blobs }
const totals = {
  images: 1,
  copied: 1,
  upToDate: 0,
  failed: 0,
  bytes: { unique: 120, sent: 120, mounted: 0, present: 0 },
  seconds: 2,
}
const lock = {
  kind: 'Lock',
  version: 1,
  created: '2026-01-01T00:00:00.000Z',
  images: [
    {
      source,
      digest,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      size: 9,
      bytes: 120,
      purpose: 'components',
      origins: ['catalogue:2022.11.3'],
      referrers: [],
    },
  ],
}
const mirror = {
  kind: 'MirrorResult',
  version: 1,
  tool: 'gpreg 0.1.0',
  started: '2026-01-02T00:00:00.000Z',
  finished: '2026-01-02T00:00:02.000Z',
  images: [
    {
      source,
      target,
      digest,
      status: 'copied',
      replaced: old,
      content,
      bytes: { sent: 120, mounted: 0, present: 0 },
    },
  ],
  totals,
}
const failedMirror = {
  ...mirror,
  images: [
    { source, target, status: 'failed', error: { code: 'forbidden', message: 'refused', hint: 'log in' } },
  ],
  totals: { ...totals, copied: 0, failed: 1 },
}
const verify = {
  kind: 'VerifyResult',
  version: 1,
  depth: 'deep',
  started: '2026-01-03T00:00:00.000Z',
  finished: '2026-01-03T00:00:09.000Z',
  images: [
    {
      target,
      expected: digest,
      found: digest,
      status: 'ok',
      problems: [],
      content: { ...content, licenses: 'MIT' },
    },
  ],
  totals: { images: 1, ok: 1, bytes: 120 },
}
const missing = {
  ...verify,
  images: [
    { target, expected: digest, found: null, status: 'missing', problems: [{ message: 'not there' }] },
  ],
  totals: { images: 1, ok: 0, bytes: 0 },
}

const report = (...documents: readonly object[]) =>
  createReport(
    documents.map(each => parseReportDocument(JSON.stringify(each), `${(each as typeof lock).kind}.json`)),
  )

describe('a report', () => {
  it('takes the target of a lock for a plan, where the lock was used for other registries', () => {
    const at = (to: string) => ({ ...lock, images: [{ ...lock.images[0]!, target: to }] })
    const elsewhere = at('staging.internal/gitpod/library/redis:6.2')
    const made = report(elsewhere, mirror, verify)
    expect(made.images).toMatchObject([{ target, purpose: 'components', state: 'verified-deep' }])
    expect(made.targets).toEqual(['registry.internal/gitpod/library'])
    expect(report(elsewhere).images).toMatchObject([{ target: elsewhere.images[0]!.target, state: 'listed' }])
    const unused = { ...elsewhere, images: [{ ...elsewhere.images[0]!, source: 'quay.io/a/b:1' }] }
    expect(report(unused, mirror).images.map(image => image.state)).toEqual(['copied', 'listed'])
  })

  it('does not take it for one, where the lock was used for its own registry, too', () => {
    const other = { source: 'quay.io/a/b:1', target: 'registry.internal/gitpod/a/b:1' }
    const both = {
      ...lock,
      images: [
        { ...lock.images[0]!, target },
        { ...lock.images[0]!, ...other },
      ],
    }
    const site = { ...mirror.images[0]!, ...other, target: 'site.internal/a/b:1' }
    const made = report(both, mirror, { ...mirror, images: [site] })
    expect(made.images.map(image => [image.target, image.state])).toEqual([
      [other.target, 'listed'],
      [target, 'copied'],
      [site.target, 'copied'],
    ])
  })

  it('makes one image of what all documents say, in any order of documents', () => {
    const made = report(verify, lock, mirror)
    expect(made.images).toEqual([
      {
        source,
        target,
        digest,
        ...{ platforms: ['linux/amd64'], blobs, size: 120, licenses: 'MIT', purpose: 'components' },
        origins: ['catalogue:2022.11.3'],
        referrers: [],
        state: 'verified-deep',
        isGood: true,
        before: old,
        after: digest,
        bytes: { sent: 120, mounted: 0, present: 0 },
        problems: [],
      },
    ])
    expect(report(lock, mirror, verify)).toEqual(made)
    expect(made).toMatchObject({
      date: '2026-01-03T00:00:09.000Z',
      targets: ['registry.internal/gitpod/library'],
    })
    expect(made.runs.map(({ action }) => action)).toEqual(['lock', 'copy', 'verify-deep'])
  })

  it('finds the source of a verified image in a lock without targets, by digest and name', () => {
    expect(report(lock, verify).images).toMatchObject([{ source, target, state: 'verified-deep' }])
  })

  it('names the first cause of what is still wrong', () => {
    const [image] = report(failedMirror, missing).images
    expect(image).toMatchObject({
      state: 'missing',
      problems: [{ message: 'refused', hint: 'log in' }, { message: 'not there' }],
    })
  })

  it('forgets what was wrong before the image was all right', () => {
    const later = { ...mirror, started: '2026-01-02T01:00:00.000Z' }
    expect(report(failedMirror, later).images).toMatchObject([{ state: 'copied', problems: [] }])
  })

  it('says of a referrer that failed that the image is incomplete', () => {
    const row = {
      source: `${source}@sig`,
      target: `${target}@sig`,
      status: 'failed',
      referrerOf: target,
      error: { message: 'no signature' },
    }
    const made = report({ ...mirror, images: [...mirror.images, row] })
    expect(made.images).toMatchObject([
      { target, state: 'incomplete', problems: [{ message: 'no signature' }] },
    ])
    expect(made.totals).toMatchObject({ images: 1, good: 0, bad: 1 })
  })

  it('reads documents of versions that said less, and guesses nothing', () => {
    const { content: _, replaced: __, bytes: ___, ...image } = { ...mirror.images[0] }
    const { tool: ____, started: _____, finished: ______, ...rest } = mirror
    const [found] = report({ ...rest, images: [image] }).images
    expect(found).toEqual({
      source,
      target,
      digest,
      platforms: [],
      blobs: [],
      origins: [],
      state: 'copied',
      isGood: true,
      after: digest,
      problems: [],
    })
  })

  it('says whose signature was checked, of this content, while all is right', () => {
    const [byKey, byOther] = ['ours', 'theirs'].map(key => ({ by: 'key', key: digestOf(key) }))
    const signed = { ...lock, images: [{ ...lock.images[0], verified: byKey }] }
    expect(report(signed, mirror).images).toMatchObject([{ target, signer: byKey }])
    const again = { ...verify, images: [{ ...verify.images[0], verified: byOther }] }
    expect(report(signed, mirror, again).images).toMatchObject([{ signer: byOther }])
    const copied = { ...mirror, images: [{ ...mirror.images[0], verified: byOther }] }
    expect(report(copied).images).toMatchObject([{ signer: byOther }])
    expect(report(signed, mirror, missing).images[0]).not.toHaveProperty('signer')
    const moved = { ...mirror, images: [{ ...mirror.images[0], digest: old }] }
    expect(report(signed, moved).images[0]).not.toHaveProperty('signer')
  })

  it('counts each blob once', () => {
    const other = {
      ...mirror.images[0],
      target: `${target}-other`,
      digest: old,
      content: { ...content, bytes: 100, blobs: blobs.slice(0, 1) },
    }
    expect(report({ ...mirror, images: [...mirror.images, other] }).totals.bytes).toMatchObject({
      images: 220,
      unique: 120,
    })
  })
})

it.each([
  ['{"kind":"MirrorResult","version":2}', /version 2/],
  ['{"kind":"Doctor","version":1}', /kind "Doctor"/],
  ['[]', /no document/],
  ['{', /not JSON/],
  ['{"kind":"VerifyResult","version":1}', /not an answer of verify: images/],
])('%s is refused', (text, message) => {
  expect(() => parseReportDocument(text, 'x.json')).toThrow(
    expect.objectContaining({
      code: 'input-invalid',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    }),
  )
})
