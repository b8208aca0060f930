import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
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

  test('of failures and warnings that differ in names only, some are printed and the others are counted', async () => {
    const { stream, text } = lines()
    const progress = await startProgress({ quiet: false, verbose: false, stream })
    progress.emit({ type: 'plan.started', images: 62 })
    for (let nth = 0; nth < 62; nth++) {
      const name = `r.internal/x/component-${nth}:1`
      const error = new GpregError(
        'unauthorized',
        `r.internal answered 401 to GET x/component-${nth}/manifests/1`,
      )
      progress.emit({ type: 'image.failed', image: name, source: name, error })
      progress.emit({
        type: 'warning',
        code: 'expected-unknown',
        message: `nothing tells the digest of ${name}`,
      })
      progress.emit({ type: 'image.verified', image: name, ok: false, status: 'unreadable' })
    }
    progress.emit({ type: 'image.verified', image, ok: false, status: 'missing' })
    progress.stop()
    expect(text().match(/^failed/gm)).toHaveLength(1)
    expect(text().match(/^warning: nothing/gm)).toHaveLength(3)
    expect(text().match(/^unreadable/gm)).toHaveLength(3)
    expect(text()).toMatch(
      /missing .*\nwarning: and 59 more warnings of the same kind; --verbose shows all\n$/,
    )
  })

  test('of a watch, a round tells news only, and what every round says is said once', async () => {
    const { stream, text, clear } = lines()
    const progress = await startProgress({ quiet: false, verbose: false, onlyNews: true, stream })
    const error = new GpregError('not-found', 'no such tag')
    const round = () => {
      progress.emit({ type: 'plan.started', images: 3 })
      progress.emit({ type: 'image.up-to-date', image, source: image, digest })
      progress.emit({ type: 'image.failed', image, source: image, error })
      progress.emit(warning)
      progress.stop()
    }
    round()
    expect(text()).toBe(`failed ${image}: no such tag\nwarning: going away\n`)
    expect(progress.tally()).toBe('0 of 3 images copied, 1 up to date, 1 failed, 1 left')
    clear()
    for (let nth = 0; nth < 2; nth++) {
      progress.restart()
      round()
    }
    expect(text()).toBe('')
    progress.restart()
    progress.emit({ type: 'plan.started', images: 3 })
    progress.emit(copied)
    progress.stop()
    expect(progress.tally()).toBe('1 of 3 images copied, 2 left')
    progress.restart()
    round()
    expect(text()).toBe(`copied ${image}\nfailed ${image}: no such tag\nwarning: going away\n`)
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

describe('on a terminal', () => {
  const digest = `sha256:${'a'.repeat(64)}` as const
  const copying: GpregEvent[] = [
    { type: 'plan.started', images: 2 },
    { type: 'plan.done', images: 2, blobs: 1, bytes: 1000 },
    { type: 'image.started', image, bytes: 1000 },
    { type: 'blob.started', digest, size: 1000, image },
    { type: 'blob.progress', digest, bytes: 400 },
  ]
  const drawing = [
    '[########............]  40 %  0 of 2 images  400 B of 1000 B',
    `  ${image}`,
    '    aaaaaaaaaaaa   40 %  400 B of 1000 B',
  ]

  async function started(env: Record<string, string> = { TERM: 'xterm-256color' }) {
    vi.useFakeTimers()
    const terminal = lines({ isTTY: true, columns: 100, rows: 20 })
    const progress = await startProgress({ quiet: false, verbose: false, stream: terminal.stream, env })
    for (const event of copying) progress.emit(event)
    vi.advanceTimersByTime(100)
    return { ...terminal, progress }
  }

  /** How many rows above the cursor are erased, each time. */
  const erased = (text: string) =>
    [...text.matchAll(/\r\u001B\[2K((?:\u001B\[1A\u001B\[2K)+)/g)].map(([, rows = '']) => rows.length / 8)

  test('a line that stays comes where the drawn lines were', async () => {
    const { progress, text, clear } = await started()
    expect(text()).toContain(drawing.join('\n'))
    clear()
    progress.emit(warning)
    expect(erased(text())).toEqual([drawing.length])
    expect(text()).toMatch(/\u001B\[2K.*warning:.* going away\n$/s)
  })

  test.each([
    ['rows that a narrower terminal has wrapped', { TERM: 'xterm-256color' }, 40, 2 + 1 + 1],
    ['rows, if the terminal cuts old lines', { TERM: 'xterm', XTERM_VERSION: 'XTerm(390)' }, 40, 3],
    ['rows in GNU screen', { TERM: 'screen-256color' }, 40, 3],
    ['rows that tmux has wrapped', { TERM: 'screen-256color', TMUX: '/tmp/x' }, 20, 3 + 2 + 2],
    ['rows of a wider terminal', { TERM: 'xterm-256color' }, 200, 3],
  ])('after a resize erases all %s', async (_, env, columns, rows) => {
    const { resize, text, clear } = await started(env)
    clear()
    resize(columns)
    vi.advanceTimersByTime(100)
    expect(erased(text())).toEqual([rows])
  })

  test('is drawn for the width of this moment, even if SIGWINCH has not been handled', async () => {
    const { stream, text, clear } = await started()
    clear()
    Object.assign(stream, { getWindowSize: () => [40, 20] })
    vi.advanceTimersByTime(100)
    expect(erased(text())).toEqual([4])
    expect(text()).toMatch(/\u001B\[2K[^#]*40 %  0 of 2 images/)
  })

  test('stopping erases what was drawn, and tells what is left', async () => {
    const { progress, text, clear } = await started()
    clear()
    progress.stop()
    expect(erased(text())).toEqual([drawing.length])
    expect(progress.tally()).toBe('0 of 2 images copied, 2 left; layers sent: 400 B of 1000 B')
  })

  test.each([
    ['CI', { CI: 'true', TERM: 'xterm' }],
    ['a dumb terminal', { TERM: 'dumb' }],
  ])('of %s nothing is redrawn', async (_, env) => {
    const { progress, text } = await started(env)
    progress.emit(copied)
    progress.stop()
    expect(stripVTControlCharacters(text())).toBe(`copied ${image}\n`)
    expect(text()).not.toMatch(/\u001B\[\d*[AJK]/)
  })
})

function lines(terminal: Partial<NodeJS.WriteStream> = {}) {
  let written = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk
      done()
    },
  }) as unknown as NodeJS.WriteStream
  Object.assign(stream, terminal)
  return {
    stream,
    text: () => written,
    clear: () => void (written = ''),
    resize: (columns: number) => void Object.assign(stream, { columns }),
  }
}
