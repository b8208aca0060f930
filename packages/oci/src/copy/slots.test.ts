import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { HostBudget } from '../remote/http/host-budget.ts'
import { Slots } from './slots.ts'

it('lets all work through, never more than a budget allows, in whatever pairs it comes', async () => {
  const pairs = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(
      pairs,
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      async (work, caps) => {
        const budgets = [...caps, 2].map(cap => new HostBudget(cap, createContext()))
        const slots = new Slots()
        let done = 0
        await Promise.all(
          work.map(([from, to]) =>
            slots.run([budgets[from]!, budgets[to]!], async () => {
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
  const [busy, free, target] = [1, 1, 2].map(cap => new HostBudget(cap, createContext())) as [
    HostBudget,
    HostBudget,
    HostBudget,
  ]
  const slots = new Slots()
  let finish = () => {}
  const first = slots.run([busy, target], () => new Promise<void>(resolve => (finish = resolve)))
  const second = slots.run([busy, target], async () => {})
  await slots.run([free, target], async () => {})
  finish()
  await Promise.all([first, second])
})

it('leaves no listener to a budget that outlives it', async () => {
  const budget = new HostBudget(1, createContext())
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
  const run = () => slots.run([listened], async () => expect(listeners).toBe(1))
  await Promise.all([run(), run(), run()])
  expect(listeners).toBe(0)
  await Promise.all([run(), run()])
  expect(listeners).toBe(0)
})

it('gives slots back before a job ends, and again to a job that needs them once more', async () => {
  const steps = fc.array(fc.constantFrom('move', 'leave', 'enter', 'give up'), { maxLength: 6 })
  const jobs = fc.array(fc.tuple(fc.nat(1), steps), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(jobs, fc.integer({ min: 1, max: 3 }), async (jobs, cap) => {
      const budgets = [cap, 2, 2].map(cap => new HostBudget(cap, createContext()))
      const target = budgets[2]!
      const slots = new Slots()
      const expectRoom = () => {
        for (const { taken, limit } of budgets) expect(taken).toBeLessThanOrEqual(limit)
      }
      let done = 0
      await Promise.all(
        jobs.map(([from, steps]) =>
          slots.run([budgets[from]!, target], async turn => {
            for (const step of steps) {
              if (step === 'leave') turn.leave()
              else if (step === 'enter') await turn.enter()
              // As a stream that waits for its turn when its request fails.
              else if (step === 'give up') void turn.enter()
              else await Promise.resolve()
              expectRoom()
            }
            done++
          }),
        ),
      )
      expect(done).toBe(jobs.length)
      expect(budgets.map(({ taken }) => taken)).toEqual([0, 0, 0])
      // Nothing counts as unanswered any more: all slots can be left and taken again.
      for (let round = 0; round < 20; round++) await slots.run(budgets, async turn => turn.leave())
    }),
  )
})

it('lets in no more jobs when many wait for an answer', async () => {
  const budget = new HostBudget(1, createContext())
  const slots = new Slots()
  const answers: (() => void)[] = []
  const jobs = Array.from({ length: 10 }, () =>
    slots.run([budget], async turn => {
      turn.leave()
      await new Promise<void>(resolve => answers.push(resolve))
    }),
  )
  const settle = () => new Promise(resolve => setImmediate(resolve))
  await settle()
  expect(answers).toHaveLength(4)
  answers[0]!()
  await settle()
  expect(answers).toHaveLength(5)
  for (let answered = 1; answered < jobs.length; answered++) {
    answers[answered]!()
    await settle()
  }
  await Promise.all(jobs)
})
