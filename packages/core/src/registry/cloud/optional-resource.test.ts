import { GpregError, type ErrorCode } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { GpregEvent } from '../../events.ts'
import { keep, makeChanges, type Resource } from '../resource.ts'
import { OptionalResource } from './optional-resource.ts'

const REASON = 'the bucket works without it'

/** A resource whose creation fails with these codes, one after the other. */
function refusing(...codes: ErrorCode[]) {
  const tried: ErrorCode[] = []
  const resource: Resource = {
    name: 's3:lifecycle/b',
    inspect: async () => ({
      action: 'update',
      reason: 'adds a rule',
      make: async () => {
        const code = codes.shift()
        if (code === undefined) return
        tried.push(code)
        const permission = code === 'forbidden' ? { permission: 's3:Put' } : {}
        throw new GpregError(code, 'no', { hint: 'ask for it', ...permission })
      },
    }),
  }
  const refused = new Set<string>()
  const memory = {
    has: async (name: string) => refused.has(name),
    add: async (name: string) => void refused.add(name),
  }
  const events: GpregEvent[] = []
  const context = createContext({ emit: event => events.push(event) })
  const optional = new OptionalResource(resource, REASON, memory)
  return { tried, events, run: () => makeChanges([optional], context) }
}

describe('a resource that is not needed', () => {
  it('that is refused is said, is no change, and is not tried again', async () => {
    const { tried, events, run } = refusing('protocol', 'protocol')
    const kept = [{ resource: 's3:lifecycle/b', action: 'keep', reason: `was refused; ${REASON}` }]
    expect(await run()).toEqual(kept)
    expect(await run()).toEqual(kept)
    expect(tried).toEqual(['protocol'])
    const warnings = events.filter(({ type }) => type === 'warning')
    expect(warnings).toMatchObject([{ code: 'cloud', message: `no; ${REASON}; ask for it` }])
  })

  it('for which a permission is missing is tried again by the next run, and the permission is named', async () => {
    const { run } = refusing('forbidden')
    const reason = `was refused for want of s3:Put; ${REASON}`
    expect(await run()).toMatchObject([{ action: 'keep', reason }])
    expect(await run()).toMatchObject([{ action: 'update', reason: 'adds a rule' }])
  })

  it.each(['unreachable', 'unauthorized', 'rate-limited', 'server-error', 'aborted'] as const)(
    'ends the work if the cloud is "%s"',
    async code => {
      await expect(refusing(code).run()).rejects.toMatchObject({ code })
    },
  )

  it('that cannot be looked at is passed over', async () => {
    const inspect = async () => {
      throw new GpregError('protocol', 'not implemented')
    }
    const resource = new OptionalResource({ name: 'x', inspect }, REASON)
    expect(await makeChanges([resource], createContext())).toMatchObject([{ action: 'keep' }])
  })

  it('that is there is kept as it is', async () => {
    const resource = new OptionalResource({ name: 'x', inspect: async () => keep('is there') }, REASON)
    expect(await makeChanges([resource], createContext())).toMatchObject([{ reason: 'is there' }])
  })
})
