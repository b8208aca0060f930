import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OutcomeTable } from '../support/outcome-table.ts'
import { SERVER_KINDS, type ServerKind } from './server-kinds.ts'
import { Site } from './site.ts'
import { STEPS } from './steps.ts'

const INSTALLED = SERVER_KINDS.filter(kind => kind.missing() === undefined)
const PAIRS = INSTALLED.flatMap(from =>
  INSTALLED.map(to => ({ from: from.name, to: to.name, pair: { from, to } })),
)
const CELLS = INSTALLED.flatMap(kind => STEPS.map(step => ({ kind, step, name: kind.name, what: step.name })))

const [SOURCE, TARGET] = ['mirror from it to each of them', 'mirror into it from each of them']
const [AGAIN, DEEP] = ['mirror again: nothing is sent', 'verify --deep']

describe('registries', () => {
  let site: Site
  const table = new OutcomeTable({
    document: 'reliability.md',
    marks: 'registries',
    update: 'UPDATE_RELIABILITY',
    heads: ['step'],
    columns: SERVER_KINDS.map(({ name }) => name),
    rows: [SOURCE, TARGET, AGAIN, DEEP, ...STEPS.map(({ name }) => name)].map(name => [name]),
  })
  /** Number of pairs that passed, by table cell. */
  const passed = new Map<string, number>()

  beforeAll(async () => {
    site = await Site.start(INSTALLED)
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  /** Counts a pair. The cell says `ok` when all pairs have passed. */
  const pass = (row: string, { name }: ServerKind) => {
    const count = (passed.get(`${row} ${name}`) ?? 0) + 1
    passed.set(`${row} ${name}`, count)
    if (count === INSTALLED.length) table.note(row, name, 'ok')
  }

  it.concurrent.each(PAIRS)('from $from to $to', async ({ pair: { from, to } }) => {
    await using target = await to.start()
    await site.expectWhole(await site.mirror(from, target.host))
    pass(SOURCE, from)
    pass(TARGET, to)

    const again = await site.mirror(from, target.host)
    expect(again.exitCode, again.stderr).toBe(0)
    expect(again.json().totals).toMatchObject({ upToDate: site.images.size, bytes: { sent: 0 } })
    pass(AGAIN, to)

    const deep = await site.verify(from, target.host, '--deep')
    expect(deep.exitCode, deep.stdout).toBe(0)
    expect(deep.json().totals).toMatchObject({ images: site.images.size, ok: site.images.size })
    pass(DEEP, to)
  })

  it.concurrent.each(CELLS)('$name: $what', async ({ kind, step }) => {
    table.note(step.name, kind.name, await step.run(kind, site))
  })

  // A table with gaps cannot be compared. The setup names the servers that are missing.
  it.runIf(INSTALLED.length === SERVER_KINDS.length)(
    'have the outcomes that the documentation lists',
    async () => {
      console.log(`\n${table}\n`)
      expect(await table.documented()).toBe(String(table))
    },
  )
})
