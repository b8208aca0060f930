import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HostBudget } from '../remote/http/host-budget.ts'
import { freshBudget, narrowBudget } from '../testing/budgets.ts'
import { Slots, type Turn } from './slots.ts'

it('lets all work through, never more than a budget allows, in whatever pairs it comes', async () => {
  const pairs = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(
      pairs,
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      async (work, caps) => {
        const budgets = [...caps, 2].map(freshBudget)
        const slots = new Slots()
        let done = 0
        await Promise.all(
          work.map(([from, to]) =>
            slots.run({ budgets: [budgets[from]!, budgets[to]!], finishing: [] }, async () => {
              for (const budget of budgets) expect(budget.taken).toBeLessThanOrEqual(budget.limit)
              await Promise.resolve()
              done++
            }),
          ),
        )
        expect(done).toBe(work.length)
        expect(budgets.map(({ taken }) => taken)).toEqual([0, 0, 0])
      },
    ),
  )
})

it('leaves no slot idle for one who waits for another host', async () => {
  const [busy, free, target] = [freshBudget(1), freshBudget(1), freshBudget(2)]
  const slots = new Slots()
  let finish = () => {}
  const first = slots.run(
    { budgets: [busy, target], finishing: [] },
    () => new Promise<void>(resolve => (finish = resolve)),
  )
  const second = slots.run({ budgets: [busy, target], finishing: [] }, async () => {})
  await slots.run({ budgets: [free, target], finishing: [] }, async () => {})
  finish()
  await Promise.all([first, second])
})

it('leaves no listener to a budget that outlives it', async () => {
  const budget = freshBudget(1)
  let listeners = 0
  const listened = Object.assign(budget, {
    onChange: (listener: () => void) => {
      listeners++
      const remove = HostBudget.prototype.onChange.call(budget, listener)
      return () => {
        listeners--
        remove()
      }
    },
  })
  const slots = new Slots()
  const run = () => slots.run({ budgets: [listened], finishing: [] }, async () => expect(listeners).toBe(1))
  await Promise.all([run(), run(), run()])
  expect(listeners).toBe(0)
  await Promise.all([run(), run()])
  expect(listeners).toBe(0)
})

const settle = () => new Promise(resolve => setImmediate(resolve))

it('gives slots back before a job ends, and again to a job that needs them once more', async () => {
  const steps = fc.array(fc.constantFrom('wait', 'finish', 'enter', 'move', 'give up'), { maxLength: 6 })
  const jobs = fc.array(fc.tuple(fc.nat(1), steps, fc.boolean()), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(jobs, fc.integer({ min: 1, max: 16 }), async (jobs, cap) => {
      const budgets = [cap, 2, 16].map(freshBudget)
      const target = budgets[2]!
      const slots = new Slots()
      const late: Turn[] = []
      let done = 0
      await Promise.all(
        jobs.map(([from, steps, isFirst]) =>
          slots.run({ budgets: [budgets[from]!, target], finishing: [target], isFirst }, async turn => {
            late.push(turn)
            const mayExceed = jobs.some(([, steps]) => steps.includes('move'))
            for (const step of steps) {
              if (step === 'finish') turn.finish()
              else if (step === 'move') turn.move()
              else if (step === 'enter') await turn.enter()
              // As a request that fails before its turn comes.
              else if (step === 'give up') void turn.enter()
              else await Promise.resolve()
              if (mayExceed) continue
              for (const { taken, limit } of budgets) expect(taken).toBeLessThanOrEqual(limit)
            }
            done++
          }),
        ),
      )
      expect(done).toBe(jobs.length)
      // A stream may end after its job.
      for (const turn of late) {
        turn.finish()
        turn.move()
        void turn.enter()
      }
      expect(budgets.map(({ taken }) => taken)).toEqual([0, 0, 0])
      // Nothing counts as finishing any more, or these would never begin.
      for (let round = 0; round < 20; round++)
        await slots.run({ budgets, finishing: budgets }, async turn => turn.finish())
    }),
  )
})

/** Starts jobs that have moved their bytes at once. @returns the jobs, and what ends each */
function finishingJobs(count: number, budget: HostBudget, slots: Slots) {
  const ends: (() => void)[] = []
  const jobs = Array.from({ length: count }, () =>
    slots.run({ budgets: [budget], finishing: [budget] }, async turn => {
      turn.finish()
      await new Promise<void>(resolve => ends.push(resolve))
    }),
  )
  return { jobs: Promise.all(jobs), ends }
}

it.each([
  [16, 16],
  [8, 8],
  [1, 1],
])('lets at most %i jobs move or finish at once', async (cap, most) => {
  const { jobs, ends } = finishingJobs(40, freshBudget(cap), new Slots())
  await settle()
  expect(ends).toHaveLength(most)
  ends[0]!()
  await settle()
  expect(ends).toHaveLength(most + 1)
  for (let ended = 1; ended < 40; ended++) {
    ends[ended]!()
    await settle()
  }
  await jobs
})

it('leaves the source free while a target finishes', async () => {
  const [source, slow, other] = [freshBudget(1), freshBudget(1), freshBudget(1)]
  const slots = new Slots()
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = slots.run({ budgets: [source, slow], finishing: [slow] }, async turn => {
    turn.finish()
    await promise
  })
  await slots.run({ budgets: [source, other], finishing: [other] }, async () => {})
  resolve()
  await first
})

it('lets a job that needs its slots again go before those that had none, in their order', async () => {
  const budget = narrowBudget()
  const slots = new Slots()
  const needs = { budgets: [budget], finishing: [budget] }
  const order: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const again = ['first', 'second'].map(name =>
    slots.run(needs, async turn => {
      turn.finish()
      await promise
      await turn.enter()
      order.push(name)
      await settle()
    }),
  )
  await settle()
  const others = [1, 2, 3].map(nth =>
    slots.run(needs, async () => {
      order.push(`other ${nth}`)
      if (nth === 1) resolve()
      await settle()
    }),
  )
  await Promise.all([...again, ...others])
  expect(order).toEqual(['other 1', 'first', 'second', 'other 2', 'other 3'])
})
