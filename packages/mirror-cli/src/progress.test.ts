import { Writable } from 'node:stream'
import type { GpregEvent } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startProgress } from './progress.ts'

const image = 'registry.internal/gitpod/server:1'
const digest = `sha256:${'a'.repeat(64)}` as const
const copied: GpregEvent = { type: 'image.copied', image, source: image, digest }
const warning: GpregEvent = { type: 'warning', code: 'registry-warning', message: 'going away' }

afterEach(() => void vi.useRealTimers())

describe('without a terminal', () => {
  test('each image gets a line, and a repeated warning is printed once', async () => {
    const { stream, text } = lines()
    const progress = await startProgress({ quiet: false, verbose: false, stream })
    for (const event of [copied, warning, warning]) progress.emit(event)
    progress.stop()
    expect(text()).toBe(`copied ${image}\nwarning: going away\n`)
  })

  test('a summary is printed every 30 s until the progress stops', async () => {
    vi.useFakeTimers()
    const { stream, text } = lines()
    const progress = await startProgress({ quiet: false, verbose: false, stream })
    progress.emit({ type: 'plan.started', images: 62 })
    vi.advanceTimersByTime(61_000)
    progress.stop()
    vi.advanceTimersByTime(60_000)
    expect(text()).toBe('looked at 0 of 62 images\n'.repeat(2))
  })

  test('quiet prints nothing', async () => {
    const { stream, text } = lines()
    const progress = await startProgress({ quiet: true, verbose: false, stream })
    progress.emit({
      type: 'image.failed',
      image,
      source: image,
      error: new GpregError('not-found', 'no such tag'),
    })
    progress.stop()
    expect(text()).toBe('')
  })
})

function lines() {
  let written = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk
      done()
    },
  }) as unknown as NodeJS.WriteStream
  return { stream, text: () => written }
}
