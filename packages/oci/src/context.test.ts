import { expect, it } from 'vitest'
import { createContext } from './context.ts'

it('a wait longer than the longest timer does not end at once', async () => {
  const { sleep } = createContext()
  const abort = new AbortController()
  const waiting = sleep(2 ** 31, abort.signal).then(
    () => 'over',
    () => 'aborted',
  )
  await sleep(20)
  abort.abort()
  expect(await waiting).toBe('aborted')
})
