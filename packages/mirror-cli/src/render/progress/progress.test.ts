import type { GpregEvent } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { describe, expect, test } from 'vitest'
import { frame, summarise } from './frame.ts'
import { renderEvent } from './line.ts'
import { createProgressState, finishedImages, rateOf, record, sample } from './state.ts'

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
  { type: 'blob.started', digest, size: 100 * MIB },
  { type: 'blob.progress', digest, bytes: 40 * MIB },
]

describe('state', () => {
  test('holds the images and blobs that are being copied', () => {
    const state = after(COPYING)
    expect(state.bytes).toEqual({ total: 100 * MIB, sent: 40 * MIB })
    expect([...state.activeImages.keys()]).toEqual([image])
    expect(state.activeBlobs.get(digest)).toEqual({ size: 100 * MIB, sent: 40 * MIB })
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
  test('shows the number of images looked at before the plan is done', () => {
    expect(frame(after(PLANNED.slice(0, 2)), 0, 80)).toBe('looked at 1 of 2 images')
  })

  test('shows images, bytes, rate and time left, then the active images and blobs', () => {
    const state = createProgressState()
    sample(state, 0)
    for (const event of COPYING) record(state, event)
    expect(frame(state, 4_000, 120)).toBe(
      [
        '[########............]  1 of 2 images  40.0 MiB of 100 MiB  10.0 MiB/s  6 s left',
        '  registry.internal/gitpod/server:1  100 MiB',
        '  sha256:aaaaaaaaaaaa   40 %  40.0 MiB of 100 MiB',
      ].join('\n'),
    )
  })

  test('fits the terminal', () => {
    const lines = frame(after(COPYING), 0, 30).split('\n')
    expect(lines.every(line => line.length <= 30)).toBe(true)
  })

  test('counts the images that do not fit', () => {
    const many = Array.from({ length: 9 }, (_, index): GpregEvent => ({
      type: 'image.started',
      image: `${image}${index}`,
      bytes: 0,
    }))
    expect(frame(after([...PLANNED, ...many]), 0, 80)).toContain('  and 5 more')
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
    expect(frame(state, 0, 80)).toBe('1 of 3 images')
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
    [{ type: 'blob.started', digest, size: 1 }, undefined],
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
