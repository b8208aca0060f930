import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { GpregEvent } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { describe, expect, it, vi } from 'vitest'
import { eventLine } from './event-line.ts'
import { eventLog, openEventLog } from './event-log.ts'

const image = 'registry.internal/gitpod/server:1'
const planned: GpregEvent = { type: 'plan.started', images: 62 }

it('is a line with the time and the type first, and errors without their causes', () => {
  const cause = new Error('the whole answer, with a token')
  const error = new GpregError('not-found', 'no such tag', {
    host: 'docker.io',
    hint: 'look elsewhere',
    cause,
  })
  const line = eventLine({ type: 'image.failed', image, source: 'redis', error }, new Date(0))
  expect(line).toBe(
    `{"time":"1970-01-01T00:00:00.000Z","type":"image.failed","image":"${image}","source":"redis",` +
      '"error":{"code":"not-found","message":"no such tag","hint":"look elsewhere","host":"docker.io"}}\n',
  )
})

describe('a file', () => {
  it('gets every line behind those of an earlier run', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'gpreg-events-'))
    const path = join(directory.path, 'events.ndjson')
    await writeFile(path, '{"type":"run.ended"}\n')
    const warn = vi.fn()
    const log = await openEventLog(path, warn)
    for (let nth = 0; nth < 1000; nth++) log.write(planned)
    log.write({ type: 'run.ended', exitCode: 0 })
    await log.close()
    const types = (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).type)
    expect(types).toEqual(['run.ended', ...Array(1000).fill('plan.started'), 'run.ended'])
    expect(warn).not.toHaveBeenCalled()
  })

  it.each([
    ['in a directory that is not there', '/proc/none/events', 'storage'],
    ['that is a directory', tmpdir(), 'storage'],
    ['that would be the answer', '-', 'usage'],
  ])('%s is refused before the work begins', async (_, path, code) => {
    await expect(openEventLog(path, () => {})).rejects.toMatchObject({ code, hint: expect.any(String) })
  })
})

describe('a log that cannot be written any more', () => {
  const full = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(), { code: 'ENOSPC' })),
  })
  const never = new Writable({ write: () => {} })

  const megabyte: GpregEvent = { type: 'warning', code: 'cloud', message: 'x'.repeat(1024 ** 2) }

  it.each([
    ['a full disk', full, 3, /^F cannot be written \(ENOSPC\): .*the work goes on$/],
    ['a reader that reads nothing', never, 70, /too slow/],
  ])('%s is told once, and nothing is thrown', async (_, stream, lines, message) => {
    const warn = vi.fn()
    const log = eventLog(stream, { path: 'F', warn, isOwn: true })
    for (let nth = 0; nth < lines; nth++) log.write(megabyte)
    await new Promise(setImmediate)
    log.write(planned)
    await log.close()
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(message))
  })
})

describe('docs/events.md', () => {
  const read = (path: string) => readFile(new URL(`../../../../${path}`, import.meta.url), 'utf8')

  it.each([
    'packages/oci/src/events.ts',
    'packages/core/src/events.ts',
    'packages/mirror-cli/src/events/event-line.ts',
  ])('names every type of %s', async path => {
    const [document, source] = await Promise.all([read('docs/events.md'), read(path)])
    const types = [...source.matchAll(/type: '([\w.-]+)'/g)].map(([, type]) => type)
    expect(types.length).toBeGreaterThan(1)
    for (const type of types) expect(document).toContain(`| \`${type}\` `)
  })
})
