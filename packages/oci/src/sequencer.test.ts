import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Sequencer } from './sequencer.ts'

it('runs jobs that share a key one after the other, also after a failure, and all of them', async () => {
  const jobs = fc.array(
    fc.tuple(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }), fc.boolean()),
  )
  await fc.assert(
    fc.asyncProperty(jobs, async jobs => {
      const sequencer = new Sequencer()
      const running: string[] = []
      const started: number[] = []
      const ends = await Promise.allSettled(
        jobs.map(([keys, fails], nth) =>
          sequencer.run(keys, async () => {
            started.push(nth)
            for (const key of new Set(keys)) {
              expect(running).not.toContain(key)
              running.push(key)
            }
            await new Promise(resolve => setImmediate(resolve))
            for (const key of new Set(keys)) running.splice(running.indexOf(key), 1)
            if (fails) throw new Error('refused')
          }),
        ),
      )
      expect(ends.map(({ status }) => status === 'rejected')).toEqual(jobs.map(([, fails]) => fails))
      for (const key of ['a', 'b', 'c', 'd'] as const) {
        const ofKey = started.filter(nth => jobs[nth]![0].includes(key))
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
      }
    }),
  )
})

it('runs jobs without a common key at the same time', async () => {
  const sequencer = new Sequencer()
  const first = Promise.withResolvers<void>()
  const waiting = sequencer.run(['a'], () => first.promise)
  await sequencer.run(['b'], async () => {})
  await sequencer.run([], async () => {})
  first.resolve()
  await waiting
})
