import type { ImageSet, MirrorPlan, MirrorResult, VerifyResult } from '@gpreg/core'
import { GpregError, parseReference } from '@gpreg/oci'
import { describe, expect, test } from 'vitest'
import { errorDocument, renderError } from './error.ts'
import { renderRewrites, renderRewritten, rewriteDocuments } from './rewrites.ts'
import { imageSetDocument, renderExcluded, renderImageSet } from './image-set.ts'
import { renderMirror, renderPlan } from './mirror.ts'
import { formatBytes, formatSeconds } from './text/units.ts'
import { renderVerify } from './verify.ts'

const digest = `sha256:${'0'.repeat(64)}` as const

describe('units', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [150 * 1024 ** 2, '150 MiB'],
    [1024 ** 4 * 2000, '2000 TiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test.each([
    [0.25, '0.3 s'],
    [42.4, '42 s'],
    [125, '2 min 5 s'],
    [3_720, '1 h 2 min'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text)
  })
})

describe('image set', () => {
  const silent = { emit: () => {} }
  const set: ImageSet = {
    images: [
      {
        source: parseReference('redis:6.2'),
        target: parseReference('registry.internal/gitpod/library/redis:6.2'),
        purpose: 'components',
        origins: ['catalogue:2022.11.3'],
      },
      {
        source: parseReference('gitpod/workspace-full'),
        purpose: 'workspace-base',
        origins: ['image:gitpod/workspace-full'],
      },
    ],
    excluded: [{ source: parseReference('alpine'), pattern: '*/alpine:*' }],
  }

  test('as a table, with reasons', async () => {
    expect(await renderImageSet(set, 'table', silent, { why: true })).toBe(
      [
        'SOURCE                                  TARGET                                      PURPOSE         WHY',
        'docker.io/library/redis:6.2             registry.internal/gitpod/library/redis:6.2  components      catalogue:2022.11.3',
        'docker.io/gitpod/workspace-full:latest  -                                           workspace-base  image:gitpod/workspace-full',
      ].join('\n'),
    )
  })

  test('as a table without targets', async () => {
    const { images, ...rest } = set
    expect(await renderImageSet({ images: images.slice(1), ...rest }, 'table', silent)).toBe(
      'SOURCE                                  PURPOSE\ndocker.io/gitpod/workspace-full:latest  workspace-base',
    )
  })

  test('as text, with one source on each line', async () => {
    expect(await renderImageSet(set, 'text', silent)).toBe(
      'docker.io/library/redis:6.2\ndocker.io/gitpod/workspace-full:latest',
    )
  })

  test('lists the images that were left out', () => {
    expect(renderExcluded(set)).toEqual(['left out by */alpine:*: docker.io/library/alpine:latest'])
  })

  test('as a document', () => {
    expect(imageSetDocument(set)).toMatchObject({
      kind: 'ImageSet',
      version: 1,
      images: [
        {
          source: 'docker.io/library/redis:6.2',
          target: 'registry.internal/gitpod/library/redis:6.2',
          origins: ['catalogue:2022.11.3'],
        },
        { source: 'docker.io/gitpod/workspace-full:latest', purpose: 'workspace-base' },
      ],
      excluded: [{ source: 'docker.io/library/alpine:latest', pattern: '*/alpine:*' }],
    })
  })
})

describe('mirror', () => {
  const failure = {
    source: 'docker.io/library/redis:6.2',
    target: 'registry.internal/gitpod/library/redis:6.2',
    status: 'failed',
    error: { code: 'not-found', message: 'no such tag', hint: 'look elsewhere' },
  } as const

  test('lists failures before the totals', () => {
    const result: MirrorResult = {
      kind: 'MirrorResult',
      version: 1,
      images: [failure],
      totals: {
        images: 1,
        copied: 0,
        upToDate: 0,
        failed: 1,
        blobs: { unique: 3, sent: 1, mounted: 2, present: 0 },
        bytes: { unique: 3072, sent: 1024, mounted: 2048, present: 0 },
        requests: { source: 4, target: 5 },
        retries: 0,
        seconds: 1.25,
      },
    }
    expect(renderMirror(result)).toBe(
      [
        'error: docker.io/library/redis:6.2 failed: no such tag',
        '       -> registry.internal/gitpod/library/redis:6.2',
        'hint:  look elsewhere',
        '1 image: 0 copied, 0 up to date, 1 failed',
        '1 blob sent (1.0 KiB), 2 mounted (2.0 KiB), 0 already there (0 B)',
        '4 requests to sources, 5 to the target, 0 tried again, 1.3 s',
      ].join('\n'),
    )
    const shard = { index: 2, count: 3, own: 1024, takenOver: 2048 }
    expect(renderMirror({ ...result, shard })).toContain(
      'shard 2/3: its share is 1.0 KiB, and 2.0 KiB sent for shards that had stalled',
    )
    const fetched = { ...result, totals: { ...result.totals, copied: 5, serverSide: 4 } }
    expect(renderMirror(fetched)).toContain(
      'of the copied, the registry fetched 4 by itself, and 1 came over this line',
    )
  })

  test('shows a plan with one row for each image', () => {
    const amounts = { send: 1024, mount: 0, present: 2048 }
    const plan: MirrorPlan = {
      kind: 'MirrorPlan',
      version: 1,
      images: [
        {
          source: 'docker.io/library/redis:6.2',
          target: 'registry.internal/gitpod/library/redis:6.2',
          status: 'to-copy',
          ...amounts,
        },
      ],
      totals: {
        images: 1,
        toCopy: 1,
        upToDate: 0,
        failed: 0,
        blobs: { unique: 2, send: 1, mount: 0, present: 1 },
        bytes: { unique: 3072, ...amounts },
      },
      dockerHub: { pullsNeeded: 1, pullsLeft: null },
    }
    expect(renderPlan(plan)).toBe(
      [
        'TARGET                                      STATUS      SEND  MOUNT  PRESENT',
        'registry.internal/gitpod/library/redis:6.2  to-copy  1.0 KiB    0 B  2.0 KiB',
        '',
        '1 image: 1 to copy, 0 up to date, 0 failed',
        'to send 1.0 KiB in 1 blob, to mount 0 B, already there 2.0 KiB',
        'Docker Hub pulls needed: 1, left: not said',
      ].join('\n'),
    )
  })
})

test('verify lists every problem', () => {
  const result: VerifyResult = {
    kind: 'VerifyResult',
    version: 1,
    images: [
      { target: 'registry.internal/a:1', expected: digest, found: digest, status: 'ok', problems: [] },
      {
        target: 'registry.internal/b:1',
        expected: digest,
        found: digest,
        status: 'incomplete',
        problems: [{ code: 'not-found', message: 'layer is missing', digest }],
      },
    ],
    totals: {
      images: 2,
      ok: 1,
      missing: 0,
      different: 0,
      incomplete: 1,
      unreadable: 0,
      checked: 7,
      bytes: 2048,
      seconds: 2,
    },
  }
  expect(renderVerify(result)).toBe(
    [
      'incomplete registry.internal/b:1',
      `  layer is missing (${digest})`,
      'hint: gpreg mirror --repair and gpreg bundle load --repair send what is missing, and nothing else',
      '2 images: 1 ok, 0 missing, 0 different, 1 incomplete, 0 unreadable',
      '7 manifests and blobs checked, 2.0 KiB read back, 2 s',
    ].join('\n'),
  )
})

test('verify tells once what to do about images that it cannot read', () => {
  const hint = 'gpreg login registry.internal'
  const problems = [{ code: 'unauthorized', message: 'registry.internal refused the login', hint }] as const
  const images = ['a', 'b', 'c', 'd', 'e'].map(name => ({
    target: `registry.internal/${name}:1`,
    expected: digest,
    found: null,
    status: 'unreadable' as const,
    problems,
  }))
  const totals = {
    ...{ images: 5, ok: 0, missing: 0, different: 0, incomplete: 0, unreadable: 5 },
    ...{ checked: 0, bytes: 0, seconds: 1 },
  }
  expect(renderVerify({ kind: 'VerifyResult', version: 1, images, totals }).split('\n')).toEqual([
    'unreadable registry.internal/a:1',
    '  registry.internal refused the login',
    '  and 4 more for the same reason, all in the answer of --json',
    'hint: gpreg login registry.internal',
    '5 images: 0 ok, 0 missing, 0 different, 0 incomplete, 5 unreadable',
    '0 manifests and blobs checked, 1 s',
  ])
})

describe('error', () => {
  const cause = new GpregError('unreachable', 'connection refused')
  const error = new GpregError('unreachable', 'registry.internal does not answer', {
    side: 'target',
    host: 'registry.internal',
    status: 502,
    hint: 'check the network',
    cause,
  })

  test('shows message, subject and hint, and nothing twice', () => {
    expect(renderError(error)).toBe(
      'error: registry.internal does not answer\n       HTTP status 502\nhint:  check the network',
    )
  })

  test('shows its causes if verbose', () => {
    expect(renderError(error, { verbose: true })).toContain('cause: connection refused')
  })

  test('is one JSON document', () => {
    expect(JSON.parse(JSON.stringify(errorDocument(error)))).toEqual({
      kind: 'Error',
      version: 1,
      error: {
        code: 'unreachable',
        message: 'registry.internal does not answer',
        hint: 'check the network',
        side: 'target',
        host: 'registry.internal',
        status: 502,
      },
    })
  })
})

test('lists the lines that must name the mirror, and what became of them', () => {
  const mention = {
    ...{ at: 'FROM', text: '${A}\t', image: 'alpine', line: 2, byHand: 'made of build arguments' },
    ...{ repository: 'r', path: 'r/D', realPath: '/r/D' },
  }
  const rewrites = [{ mention, name: 'registry.internal/gitpod/alpine:latest' }]
  expect(renderRewrites(rewrites)).toContain(
    'r/D:2  FROM  ${A}\\t  registry.internal/gitpod/alpine:latest  made of',
  )
  expect(rewriteDocuments(rewrites)).toEqual([
    {
      ...{ file: 'r/D', line: 2, at: 'FROM', old: '${A}\t', byHand: 'made of build arguments' },
      new: 'registry.internal/gitpod/alpine:latest',
    },
  ])
  expect(
    renderRewritten([
      { repository: 'r', written: true, files: ['D'] },
      { repository: 's', written: false, files: ['E'], reason: 'git is not installed', diff: '--- a/E\n' },
    ]),
  ).toMatch(/^r: wrote D\n\ns: nothing was written, because git is not installed.*\n\n--- a\/E$/)
})
