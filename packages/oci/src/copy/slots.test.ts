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
