import { describe, expect, it } from 'vitest'
import { HostBudget } from './host-budget.ts'

/**
 * @param each bytes a millisecond of one connection
 * @param together bytes a millisecond of all connections
 * @param idle share of the time in which the process waits
 */
function hostWith(each: number, together: number, cap = 16, idle = 1) {
  let now = 0
  const budget = new HostBudget(cap, { elapsed: () => now, idle: () => now * idle })
  const run = (seconds: number) => {
    for (const end = now + seconds * 1000; now < end;) {
      while (budget.isFree) budget.take()
      now += 100
      budget.moved(100 * Math.min(together, each * Math.min(budget.taken, budget.limit)), true)
      while (budget.taken > budget.limit) budget.release()
    }
  }
  return { budget, run, pass: (milliseconds: number) => (now += milliseconds) }
}

describe('a budget', () => {
  it('grows to its cap while throughput rises', () => {
    const { budget, run } = hostWith(8, Infinity)
    expect(budget.limit).toBe(4)
    run(10)
    expect(budget.limit).toBe(16)
  })

  it('goes back when a step brings no throughput', () => {
    const { budget, run } = hostWith(8, 32)
    run(5)
    expect(budget.limit).toBe(4)
  })

  it('stays as it is while the process itself is busy', () => {
    const { budget, run } = hostWith(8, Infinity, 16, 0.1)
    run(10)
    expect(budget.limit).toBe(4)
  })

  it('halves once for failures close together, down to one, and grows again later', () => {
    const { budget, run, pass } = hostWith(8, Infinity)
    budget.slowDown()
    budget.slowDown()
    expect(budget.limit).toBe(2)
    pass(2000)
    budget.slowDown()
    pass(2000)
    budget.slowDown()
    expect(budget.limit).toBe(1)
    run(30)
    expect(budget.limit).toBeGreaterThan(4)
  })

  it('never exceeds the cap', () => {
    const { budget, run } = hostWith(8, Infinity, 3)
    run(20)
    expect(budget.limit).toBe(3)
    expect(budget.takeExtra()).toBe(false)
  })
})
