import { spawn, spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { writerMark, writerOf } from './writer.ts'

const idle = ['-e', 'setTimeout(() => {}, 60_000)']

it('recognizes its own mark, and makes a new one each time', async () => {
  const mark = await writerMark()
  expect(await writerOf(mark)).toEqual({ pid: process.pid, state: 'running' })
  expect(await writerMark()).not.toBe(mark)
})

it('takes an ended process for gone', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  expect(await writerOf(`${hostname()}~${pid}~1~x`)).toEqual({ pid, state: 'gone' })
})

it.runIf(process.platform === 'linux')(
  'takes a process for gone if its id now belongs to a later one, even to this process',
  async () => {
    const other = spawn(process.execPath, idle)
    try {
      for (const pid of [process.pid, other.pid ?? 0])
        expect(await writerOf(`${hostname()}~${pid}~1~x`)).toEqual({ pid, state: 'gone' })
    } finally {
      other.kill()
    }
  },
)

it('does not judge the processes of another host', async () => {
  expect(await writerOf(`other-host~${process.pid}~1~x`)).toEqual({ pid: process.pid, state: 'elsewhere' })
})

it.each([
  '',
  'index.json',
  'sha256-0123',
  '6f1c1c1e-2a2b-4a4b-8c8c-0123456789ab',
  `${hostname()}~1`,
  'a~b~c~d',
])('does not take %j for a mark', async text => {
  expect(await writerOf(text)).toBeUndefined()
})
