import { mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { GpregError } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { formatExposition, type Family } from './exposition.ts'
import { families, type RunFacts } from './families.ts'
import { openMetrics } from './run-metrics.ts'
import type { Summary } from './summary.ts'

interface Parsed {
  readonly type: string
  readonly help: string
  readonly samples: { readonly labels: Record<string, string>; readonly value: number }[]
}

/**
 * Reads the text format 0.0.4 as its grammar says, and no other text: HELP and TYPE once, before the samples of their family, which
 * stand together; each series once.
 */
function parseExposition(text: string): Map<string, Parsed> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end')
  const found = new Map<string, Parsed>()
  const series = new Set<string>()
  let current = ''
  let help: readonly [string, string] | undefined
  for (const line of text.split('\n').slice(0, -1)) {
    const [, helped, said] = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(line) ?? []
    const [, typed, type] = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)$/.exec(line) ?? []
    if (helped !== undefined) {
      help = [helped, unescape(said!, /\\([\\n])/g)]
      continue
    }
    if (typed !== undefined) {
      if (help?.[0] !== typed || found.has(typed)) throw new Error(`not once, behind its HELP: ${line}`)
      found.set((current = typed), { type: type!, help: help[1], samples: [] })
      continue
    }
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([-+]?(?:Inf|\d+(?:\.\d+)?(?:e[-+]?\d+)?)|NaN)$/s.exec(line)
    if (sample?.[1] !== current) throw new Error(`not a sample of ${current}: ${line}`)
    if (series.has(`${current}{${sample[2]}}`)) throw new Error(`twice: ${line}`)
    series.add(`${current}{${sample[2]}}`)
    const value = Number(sample[3]!.replace('Inf', 'Infinity'))
    found.get(current)!.samples.push({ labels: parseLabels(sample[2]), value })
  }
  return found
}

function parseLabels(text: string | undefined): Record<string, string> {
  if (text === undefined) return {}
  const labels: Record<string, string> = {}
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y
  while (pair.lastIndex < text.length) {
    const [, name, value] = pair.exec(text) ?? []
    if (name === undefined || name in labels) throw new Error(`not labels: ${text}`)
    labels[name] = unescape(value!, /\\([\\"n])/g)
  }
  return labels
}

const unescape = (text: string, escapes: RegExp) =>
  text.replaceAll(escapes, (_, letter: string) => (letter === 'n' ? '\n' : letter))

describe('the text format', () => {
  const anyFamily = fc.record({
    name: fc.stringMatching(/^[a-z_:][a-zA-Z0-9_:]{0,20}$/),
    type: fc.constantFrom('gauge' as const, 'counter' as const),
    help: fc.string({ unit: 'binary' }),
    samples: fc.uniqueArray(
      fc.record({
        labels: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), fc.string({ unit: 'binary' }), {
          minKeys: 1,
        }),
        value: fc.double(),
      }),
      { minLength: 1, selector: ({ labels }) => JSON.stringify(labels) },
    ),
  })

  it('says what it was given, whatever is in labels and help', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyFamily, { selector: ({ name }) => name }), all => {
        const parsed = parseExposition(formatExposition(all as Family[]))
        expect([...parsed]).toEqual(
          all.map(({ name, type, help, samples }) => [
            name,
            {
              type,
              help,
              samples: samples.map(({ labels, value }) => ({ labels: { ...labels }, value: value + 0 })),
            },
          ]),
        )
      }),
    )
  })

  it('has nothing of a family without samples', () => {
    expect(formatExposition([{ name: 'x', type: 'gauge', help: 'x', samples: [] }])).toBe('')
  })
})

const FACTS: RunFacts = {
  name: 'nightly',
  command: 'mirror',
  version: '1.2.3',
  target: 'registry.internal/gitpod',
  exitCode: 3,
  images: { copied: 1, 'up-to-date': 60, failed: 1 },
  failures: ['not-found', 'not-found', 'forbidden'],
  bytes: { sent: 5, mounted: 0, present: 7 },
  seconds: 1.5,
  finished: 1_800_000_000.25,
  lastSuccess: 1_700_000_000,
  counts: { success: 4, failure: 1, sent: 99 },
  traffic: {
    requests: { source: 62, target: 3 },
    hosts: [
      { side: 'source', host: 'docker.io', requests: 62 },
      { side: 'target', host: 'registry.internal:5000', requests: 3 },
    ],
    retries: 2,
  },
}

describe('the metrics of a run', () => {
  const labels = { name: 'nightly', target: 'registry.internal/gitpod' }

  it('say what was done, by state, code and host', () => {
    const parsed = parseExposition(formatExposition(families(FACTS)))
    const samples = (name: string) => parsed.get(name)?.samples
    expect(samples('gpreg_build_info')).toEqual([{ labels: { name: 'nightly', version: '1.2.3' }, value: 1 }])
    expect(samples('gpreg_mirror_images')).toContainEqual({
      labels: { ...labels, state: 'up-to-date' },
      value: 60,
    })
    expect(samples('gpreg_mirror_failures')).toEqual([
      { labels: { ...labels, code: 'not-found' }, value: 2 },
      { labels: { ...labels, code: 'forbidden' }, value: 1 },
    ])
    expect(samples('gpreg_mirror_requests_total')).toContainEqual({
      labels: { ...labels, side: 'target', host: 'registry.internal:5000' },
      value: 3,
    })
    expect(samples('gpreg_mirror_last_run_exit_code')).toEqual([{ labels, value: 3 }])
  })

  it('have names and types as Prometheus wants them', () => {
    for (const { name, type } of families(FACTS)) {
      expect(name).toMatch(/^gpreg(_[a-z]+)+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
    }
  })

  it('have no images if the run failed as a whole', () => {
    const { images: _, bytes: __, ...failed } = FACTS
    const parsed = parseExposition(formatExposition(families({ ...failed, traffic: undefined })))
    expect(parsed.has('gpreg_mirror_images')).toBe(false)
    expect(parsed.get('gpreg_mirror_last_run_success')?.samples).toEqual([{ labels, value: 0 }])
  })
})

describe('the file', () => {
  const good: Summary = { exitCode: 0, images: { copied: 1 }, failures: [] }

  async function opened(directory: string, signal = new AbortController().signal) {
    const path = join(directory, 'nightly.prom')
    const warnings: string[] = []
    const metrics = await openMetrics<Summary>(path, {
      command: 'mirror',
      version: '1',
      target: undefined,
      summarise: summary => summary,
      traffic: () => undefined,
      signal,
      warn: message => warnings.push(message),
    })
    const value = async (name: string) =>
      parseExposition(await readFile(path, 'utf8')).get(`gpreg_mirror_${name}`)?.samples[0]?.value
    return { ...metrics, measure: metrics.measure.bind(metrics), path, warnings, value }
  }

  const temporary = () => mkdtempDisposable(join(tmpdir(), 'gpreg-metrics-'))
  const down = async () => {
    throw new GpregError('unreachable', 'nobody is there')
  }

  it('is readable for everybody, and whole after each run', async () => {
    await using directory = await temporary()
    const { measure, path, value } = await opened(directory.path)
    expect(await measure(async () => good)).toBe(good)
    expect((await stat(path)).mode & 0o777).toBe(0o644)
    expect(await value('last_run_success')).toBe(1)
    await measure(async () => ({ ...good, exitCode: 3 }))
    expect(await value('last_run_success')).toBe(0)
    expect(await value('runs_total')).toBe(1)
  })

  it('tells of a run that failed as a whole, and keeps the last success that an earlier process had', async () => {
    await using directory = await temporary()
    const first = await opened(directory.path)
    await first.measure(async () => good)
    const success = await first.value('last_success_timestamp_seconds')
    expect(success).toBeGreaterThan(1_700_000_000)
    const second = await opened(directory.path)
    await expect(second.measure(down)).rejects.toMatchObject({ code: 'unreachable' })
    expect(await second.value('last_run_exit_code')).toBe(6)
    expect(await second.value('failures')).toBe(1)
    expect(await second.value('last_success_timestamp_seconds')).toBe(success)
  })

  it('says nothing of a success that never was', async () => {
    await using directory = await temporary()
    await writeFile(join(directory.path, 'nightly.prom'), 'no metrics')
    const { measure, value } = await opened(directory.path)
    await measure(down).catch(() => {})
    expect(await value('last_success_timestamp_seconds')).toBeUndefined()
  })

  it('keeps the record of the run before if one is interrupted', async () => {
    await using directory = await temporary()
    const abort = new AbortController()
    const { measure, path } = await opened(directory.path, abort.signal)
    await measure(async () => good)
    const before = await readFile(path, 'utf8')
    abort.abort()
    await expect(measure(down)).rejects.toMatchObject({ code: 'unreachable' })
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  it('that cannot be written any more is warned of, and the run is not lost', async () => {
    await using directory = await temporary()
    const { measure, path, warnings } = await opened(join(directory.path))
    await directory.remove()
    expect(await measure(async () => good)).toBe(good)
    expect(warnings).toEqual([
      `cannot write ${path}: no such file or directory; the metrics of this run are lost`,
    ])
  })

  it.each([
    ['-', 'usage'],
    ['/dev/null/gpreg.prom', 'storage'],
    ['/dev', 'storage'],
    ['/dev/missing/gpreg.prom', 'storage'],
  ])('%s is refused before anything is done', async (path, code) => {
    const options = { command: 'verify', version: '1', target: undefined, traffic: () => undefined } as const
    const { signal } = new AbortController()
    await expect(
      openMetrics<Summary>(path, { ...options, summarise: summary => summary, signal, warn: () => {} }),
    ).rejects.toMatchObject({ code })
  })
})
