import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { EventSink } from '../../events.ts'
import { digestOf } from '../../model/hash.ts'
import { stateDirectory } from '../../machine/state-directory.ts'
import { uploadJournal } from './upload-journal.ts'

const key = { host: '127.0.0.1:5000', repository: 'app', digest: digestOf(Buffer.from('x')) }
const location = new URL('http://127.0.0.1:5000/v2/app/blobs/uploads/1?_state=abc')

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-journal-'))))
afterEach(() => rm(directory, { recursive: true }))

it('records the newest location of each upload, readable only by its owner', async () => {
  const journal = uploadJournal(directory, createContext({ now: () => 0 }))
  await journal.note(key, new URL('/older', location), 1)
  await journal.note(key, location, 2)
  expect(await uploadJournal(directory, createContext({ now: () => 1000 })).find(key)).toEqual(location)
  expect(await journal.find({ ...key, repository: 'other' })).toBeUndefined()
  const [file] = await readdir(directory)
  expect((await stat(join(directory, file!))).mode & 0o777).toBe(0o600)
})

it('drops finished and old uploads', async () => {
  const journal = uploadJournal(directory, createContext({ now: () => 0 }))
  await journal.note(key, location, 1)
  await journal.forget(key)
  expect(await journal.find(key)).toBeUndefined()
  await journal.note(key, location, 1)
  expect(await uploadJournal(directory, createContext({ now: () => 7 * 3600_000 })).find(key)).toBeUndefined()
  expect(await readdir(directory)).toEqual([])
})

it.each(['', '{', '{"version":2}', 'null'])('ignores a file with the content %j', async text => {
  const journal = uploadJournal(directory, createContext({ now: () => 0 }))
  await journal.note(key, location, 1)
  const [file] = await readdir(directory)
  await writeFile(join(directory, file!), text)
  expect(await readFile(join(directory, file!), 'utf8')).toBe(text)
  expect(await journal.find(key)).toBeUndefined()
})

it('warns once of a directory that cannot be written', async () => {
  const warnings: string[] = []
  const emit: EventSink = event => void (event.type === 'warning' && warnings.push(event.message))
  const journal = uploadJournal('/dev/null/gpreg', createContext({ emit }))
  await journal.note(key, location, 1)
  await journal.note(key, location, 2)
  expect(await journal.find(key)).toBeUndefined()
  expect(warnings).toEqual([
    '/dev/null/gpreg cannot be written (ENOTDIR): large uploads start over if this run is killed',
  ])
})

it('lies in the state directory of the XDG specification', () => {
  expect(stateDirectory('uploads', { HOME: '/home/ada' })).toBe('/home/ada/.local/state/gpreg/uploads')
  expect(stateDirectory('uploads', { XDG_STATE_HOME: '/state', HOME: '/home/ada' })).toBe(
    '/state/gpreg/uploads',
  )
})
