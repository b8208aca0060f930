import type { GpregEvent } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { describe, expect, test } from 'vitest'
import { frame } from './frame.ts'
import { renderEvent } from './line.ts'
import { createProgressState, finishedImages, rateOf, record, sample, type ProgressState } from './state.ts'
import { summarise, tally } from './summary.ts'

const MIB = 1024 ** 2
const digest = `sha256:${'a'.repeat(64)}` as const
const image = 'registry.internal/gitpod/server:1'
const source = 'eu.gcr.io/gitpod-core-dev/build/server:1'

const PLANNED: readonly GpregEvent[] = [
  { type: 'plan.started', images: 2 },
  { type: 'plan.image', image, upToDate: false },
  { type: 'plan.image', image: `${image}2`, upToDate: true },
  { type: 'plan.done', images: 2, blobs: 1, bytes: 100 * MIB },
]
const COPYING: readonly GpregEvent[] = [
  ...PLANNED,
  { type: 'image.up-to-date', image: `${image}2`, source, digest },
  { type: 'image.started', image, bytes: 100 * MIB },
  { type: 'blob.started', digest, size: 100 * MIB, image },
  { type: 'blob.progress', digest, bytes: 40 * MIB },
]

describe('state', () => {
  test('holds the images and blobs that are being copied', () => {
    const state = after(COPYING)
    expect(state.bytes).toEqual({ total: 100 * MIB, sent: 40 * MIB })
    expect([...state.activeImages.keys()]).toEqual([image])
    expect(state.activeBlobs.get(digest)).toEqual({ size: 100 * MIB, sent: 40 * MIB, image })
    expect(finishedImages(state)).toBe(1)
  })

  test('subtracts the bytes of an upload that starts over', () => {
    const state = after([...COPYING, { type: 'blob.progress', digest, bytes: -40 * MIB }])
    expect(state.bytes.sent).toBe(0)
    expect(state.activeBlobs.get(digest)?.sent).toBe(0)
  })

  test('drops the images and blobs that are done', () => {
    const state = after([
      ...COPYING,
      { type: 'blob.sent', digest, size: 100 * MIB },
      { type: 'image.copied', image, source, digest },
    ])
    expect(state.activeBlobs.size).toBe(0)
    expect(state.activeImages.size).toBe(0)
    expect(finishedImages(state)).toBe(2)
  })

  test('forgets old samples', () => {
    const state = createProgressState()
    for (let at = 0; at <= 60_000; at += 100) {
      state.bytes.sent = at < 50_000 ? 0 : (at - 50_000) * 1000
      sample(state, at)
    }
    expect(rateOf(state, 60_000)).toBeCloseTo(MIB, -5)
    expect(state.samples.length).toBeLessThan(110)
  })
})

describe('frame', () => {
  const at = (state: ProgressState, columns: number, rows = 24) => frame(state, 4_000, { columns, rows })

  /** Half of the images done, one of them failed, at 10 MiB a second. */
  function underWay() {
    const state = createProgressState()
    sample(state, 0)
    for (const event of COPYING) record(state, event)
    return state
  }

  test('shows the number of images looked at before the plan is done', () => {
    expect(at(after(PLANNED.slice(0, 2)), 80)).toBe('looked at 1 of 2 images')
  })

  test('shows percent, images, bytes, rate and time left, then each active image above its layers', () => {
    expect(at(underWay(), 120)).toBe(
      [
        '[########............]  40 %  1 of 2 images  40.0 MiB of 100 MiB  10.0 MiB/s  6 s left',
        '  registry.internal/gitpod/server:1',
        '    aaaaaaaaaaaa   40 %  40.0 MiB of 100 MiB',
      ].join('\n'),
    )
  })

  test.each([
    [80, '[####......]  40 %  1 of 2 images  40.0 MiB of 100 MiB  10.0 MiB/s  6 s left'],
    [70, '40 %  1 of 2 images  40.0 MiB of 100 MiB  10.0 MiB/s  6 s left'],
    [60, '40 %  1 of 2 images  10.0 MiB/s  6 s left'],
    [40, '40 %  1/2  10.0 MiB/s  6 s left'],
    [30, '40 %  10.0 MiB/s  6 s left'],
  ])('at %i columns keeps percent, rate and time left', (columns, line) => {
    expect(at(underWay(), columns).split('\n')[0]).toBe(line)
  })

  test('shows how much of a bundle is read, and forgets it when the copy begins', () => {
    const state = createProgressState()
    record(state, { type: 'read.started', bytes: 80 * MIB })
    sample(state, 0)
    record(state, { type: 'read.progress', bytes: 20 * MIB })
    const speed = '5.0 MiB/s  12 s left'
    expect(at(state, 80)).toBe(`[#####...............]  25 %  20.0 MiB of 80.0 MiB read  ${speed}`)
    expect(at(state, 40)).toBe(`25 %  ${speed}`)
    record(state, { type: 'read.started' })
    expect(at(state, 80)).toBe('at work')
    record(state, { type: 'read.progress', bytes: MIB })
    expect(at(state, 80)).toBe('1.0 MiB read')
    for (const event of PLANNED) record(state, event)
    expect(at(state, 80)).toBe('[....................]  0 %  0 of 2 images  0 B of 100 MiB')
  })

  test('shows what a check has read of a registry, whose size it does not know', () => {
    const state = createProgressState()
    sample(state, 0)
    record(state, { type: 'plan.started', images: 2 })
    record(state, { type: 'read.progress', bytes: 20 * MIB })
    expect(at(state, 80)).toBe('looked at 0 of 2 images  20.0 MiB read  5.0 MiB/s')
    record(state, { type: 'image.verified', image, ok: true, status: 'ok' })
    expect(at(state, 80)).toBe('1 of 2 images  20.0 MiB read  5.0 MiB/s')
    expect(at(state, 30)).toBe('1 of 2 images')
  })

  test('at 40 columns still counts failures', () => {
    const state = underWay()
    for (const name of ['a:1', 'b:1'])
      record(state, {
        type: 'image.failed',
        image: name,
        source,
        error: new GpregError('stalled', 'no bytes'),
      })
    expect(at(state, 46).split('\n')[0]).toBe('40 %  3/2 (2 failed)  10.0 MiB/s  6 s left')
    expect(at(state, 40).split('\n')[0]).toBe('40 %  2 failed  10.0 MiB/s  6 s left')
  })

  test.each([20, 30, 40, 60, 79])(
    'at %i columns no line is wrapped, and the end of a name stays',
    columns => {
      const lines = at(underWay(), columns).split('\n')
      expect(lines.every(line => line.length < columns)).toBe(true)
      expect(lines[1]).toMatch(/\/server:1$/)
    },
  )

  test('leaves a row of a low terminal free', () => {
    expect(at(underWay(), 80, 3).split('\n')).toHaveLength(2)
  })

  test('counts the images and layers that are not shown', () => {
    const many = Array.from({ length: 9 }, (_, index): GpregEvent[] => [
      { type: 'image.started', image: `${image}${index}`, bytes: 0 },
      {
        type: 'blob.started',
        digest: `sha256:${`${index}`.repeat(64)}`,
        size: 1,
        image: `${image}${index % 2}`,
      },
    ]).flat()
    expect(at(after([...PLANNED, ...many]), 80)).toContain('\n  and 5 more images, 3 more layers')
  })

  test('a layer that is mounted is no longer active, and nothing is to be sent for it', () => {
    const state = after([
      ...COPYING.slice(0, -1),
      { type: 'blob.mounted', digest, repository: 'gitpod/server' },
    ])
    expect(state.activeBlobs.size).toBe(0)
    expect(state.bytes.total).toBe(0)
  })

  test('counts failures and retries', () => {
    const error = new GpregError('stalled', 'no bytes for 60 s')
    const state = after([
      ...COPYING,
      { type: 'retry', operation: 'GET', attempt: 1, delay: 500, error },
      { type: 'image.failed', image, source, error },
    ])
    expect(summarise(state, 0)).toContain('2 of 2 images (1 failed)')
    expect(summarise(state, 0)).toContain('1 tried again')
  })

  test('counts the images that verify has checked', () => {
    const state = after([
      { type: 'plan.started', images: 3 },
      { type: 'image.verified', image, ok: true, status: 'ok' },
    ])
    expect(at(state, 80)).toBe('1 of 3 images')
  })
})

describe('tally', () => {
  test('says what was copied and what is left', () => {
    expect(tally(after(COPYING))).toBe(
      '0 of 2 images copied, 1 up to date, 1 left; layers sent: 40.0 MiB of 100 MiB',
    )
  })

  test('counts checks', () => {
    const events: GpregEvent[] = [
      { type: 'plan.started', images: 3 },
      { type: 'image.verified', image, ok: true, status: 'ok' },
    ]
    expect(tally(after(events))).toBe('1 of 3 images checked, 2 left')
  })

  test('is nothing before the images are known', () => {
    expect(tally(createProgressState())).toBeUndefined()
  })
})

describe('lines', () => {
  const error = new GpregError('not-found', 'no such tag')
  const retry = { type: 'retry', operation: 'GET', attempt: 1, delay: 500, error } as const

  test.each<[GpregEvent, string | undefined]>([
    [{ type: 'image.importing', image, source, digest }, `the registry fetches ${image}`],
    [{ type: 'image.copied', image, source, digest }, `copied ${image}`],
    [{ type: 'image.failed', image, source, error }, `failed ${image}: no such tag`],
    [{ type: 'image.verified', image, ok: false, status: 'missing' }, `missing ${image}`],
    [{ type: 'warning', code: 'registry-warning', message: 'going away' }, 'warning: going away'],
    [{ type: 'blob.started', digest, size: 1, image }, undefined],
    [retry, undefined],
  ])('%j', (event, line) => {
    expect(renderEvent(event)).toBe(line)
  })

  test('report retries if verbose', () => {
    expect(renderEvent(retry, { verbose: true })).toBe('GET again in 500 ms (attempt 1): no such tag')
  })
})

function after(events: readonly GpregEvent[]) {
  const state = createProgressState()
  for (const event of events) record(state, event)
  return state
}
