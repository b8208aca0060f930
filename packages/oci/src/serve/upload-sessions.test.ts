import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { digestOf } from '../model/hash.ts'
import { LayoutStore } from '../store/layout/layout-store.ts'
import { createRegistryServer } from './server.ts'
import { UploadSessions } from './upload-sessions.ts'

const MINUTE = 60_000
const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

let now: number
let root: string
let store: LayoutStore
let sessions: UploadSessions
beforeEach(async () => {
  now = Date.now()
  root = await mkdtemp(join(tmpdir(), 'gpreg-uploads-'))
  directories.push(root)
  store = await LayoutStore.open(root)
  sessions = new UploadSessions(() => now)
})

const start = (client: string) => sessions.start(store.repository('a'), client)
const files = () => readdir(join(root, 'ingest'))
const refused = { status: 429, headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) } }

/** Opens uploads until one is refused, several at once. */
async function openAll(client: string): Promise<number> {
  const started = await Promise.allSettled(Array.from({ length: 200 }, () => start(client)))
  for (const each of started) if (each.status === 'rejected') expect(each.reason).toMatchObject(refused)
  return started.filter(({ status }) => status === 'fulfilled').length
}

describe('the uploads of one client', () => {
  it('are bounded, even if they start at once, and leave room for others', async () => {
    const opened = await openAll('10.0.0.1')
    expect(opened).toBe(64)
    expect(await files()).toHaveLength(opened)
    await expect(start('10.0.0.1')).rejects.toMatchObject(refused)
    await start('10.0.0.2')
  })

  it('count no more when they are finished, given up or failed', async () => {
    await openAll('10.0.0.1')
    const repository = store.repository('a')
    const [first, second] = await files()
    const client = { client: '10.0.0.1' }
    await sessions.use(client, repository, first!, ingest => sessions.giveUp(ingest))
    await sessions.use(client, repository, second!, ingest => sessions.commit(ingest, digestOf('')))
    await Promise.all([start('10.0.0.1'), start('10.0.0.1')])
    await expect(start('10.0.0.1')).rejects.toMatchObject(refused)
  })

  it('give way to new ones, the oldest first, after some minutes without use', async () => {
    const oldest = await start('10.0.0.1')
    now += MINUTE
    await openAll('10.0.0.1')
    now += 4.5 * MINUTE
    await start('10.0.0.1')
    expect(await files()).not.toContain(oldest.id)
    await expect(start('10.0.0.1')).rejects.toMatchObject(refused)
  })
})

describe('an abandoned upload', () => {
  it('expires after an hour without use, and its file goes', async () => {
    const old = await start('10.0.0.1')
    now += 50 * MINUTE
    const used = await start('10.0.0.1')
    await sessions.use({ client: '10.0.0.1' }, store.repository('a'), old.id, async () => {})
    now += 50 * MINUTE
    await sessions.expire(store)
    expect((await files()).sort()).toEqual([old.id, used.id].sort())
    now += 11 * MINUTE
    await sessions.expire(store)
    expect(await files()).toEqual([])
  })

  it('of a killed server expires, too: at the next start, or later by the hour', async () => {
    const [old, recent] = [randomUUID(), randomUUID()]
    for (const id of [old, recent]) await writeFile(join(root, 'ingest', id), 'half')
    const time = (now - 61 * MINUTE) / 1000
    await utimes(join(root, 'ingest', old), time, time)
    store = await LayoutStore.open(root, now)
    expect(await files()).toEqual([recent])
    now += 61 * MINUTE
    await sessions.expire(store)
    expect(await files()).toEqual([])
  })

  it('is not taken for abandoned while another file of a save is as old', async () => {
    const partial = `sha256-${'0'.repeat(64)}`
    await writeFile(join(root, 'ingest', partial), 'half')
    now += 2 * 60 * MINUTE
    await sessions.expire(store)
    expect(await files()).toEqual([partial])
  })
})

it('answers 429 with Retry-After over HTTP', async () => {
  const context = createContext({ now: () => now })
  const server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
  try {
    const post = () => fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' })
    const statuses = (await Promise.all(Array.from({ length: 70 }, post))).map(({ status }) => status)
    expect(statuses.filter(status => status === 202)).toHaveLength(64)
    const last = await post()
    expect([last.status, last.headers.get('retry-after')]).toEqual([429, '60'])
    expect(await last.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] })
  } finally {
    await server.close()
  }
})
