import { GpregError, isGpregError } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { createCloudApi } from './cloud-api.ts'

const about = { resource: 'cloud:thing/a', permission: 'thing:Make' }
const { call, unless } = createCloudApi({
  toError: (thrown, { permission }) =>
    isGpregError(thrown)
      ? thrown
      : new GpregError('server-error', `${permission}: ${(thrown as Error).message}`),
  codesOf: thrown => [(thrown as Error).name, (thrown as Error).message],
})

/** Work that fails with these errors, one per call, and then succeeds. */
function failing(...errors: Error[]) {
  const left = [...errors]
  const work = {
    calls: 0,
    run: async () => {
      work.calls++
      const error = left.shift()
      if (error !== undefined) throw error
      return 'done'
    },
  }
  return work
}

const context = () => createContext({ sleep: async () => {} })

describe('a call to a cloud', () => {
  it('is repeated if that may help, and the retry events name its permission', async () => {
    const events: string[] = []
    const seen = createContext({
      sleep: async () => {},
      emit: event => void (event.type === 'retry' && events.push(event.operation)),
    })
    const work = failing(new Error('busy'), new Error('busy'))
    expect(await call(seen, about, work.run)).toBe('done')
    expect(work.calls).toBe(3)
    expect(events).toEqual(['thing:Make', 'thing:Make'])
  })

  it('runs only once with the policy single, and throws the typed error', async () => {
    const work = failing(new Error('lost'))
    const error = { code: 'server-error', message: 'thing:Make: lost', retryable: true }
    await expect(call(context(), about, work.run, 'single')).rejects.toMatchObject(error)
    expect(work.calls).toBe(1)
  })

  it('is repeated as often as the policy for its error allows', async () => {
    const work = failing(new Error('busy'), new Error('busy'))
    const policy = () => ({ attempts: 2, base: 1, cap: 1 })
    await expect(call(context(), about, work.run, policy)).rejects.toMatchObject({ code: 'server-error' })
    expect(work.calls).toBe(2)
  })

  it('gets the signal of the context', async () => {
    const stop = new AbortController()
    const seen = createContext({ signal: stop.signal })
    expect(await call(seen, about, async ({ abortSignal }) => abortSignal)).toBe(stop.signal)
  })
})

describe('an answer that may be missing', () => {
  it('is undefined if the error has one of the expected codes', async () => {
    expect(await unless(['Error'], Promise.reject(new Error('NoSuchThing')))).toBeUndefined()
    expect(await unless(['NoSuchThing'], Promise.reject(new Error('NoSuchThing')))).toBeUndefined()
    expect(await unless(['NoSuchThing'], Promise.resolve('there'))).toBe('there')
  })

  it('is an error for every other code', async () => {
    const denied = new Error('AccessDenied')
    await expect(unless(['NoSuchThing'], Promise.reject(denied))).rejects.toBe(denied)
  })
})
