import { createContext } from '../context.ts'
import { HostBudget } from '../remote/http/host-budget.ts'

/** The budget of a host that nothing was asked of yet. @param cap transfers at once that are never exceeded */
export function freshBudget(cap: number): HostBudget {
  return new HostBudget(cap, createContext())
}

/** The budget of a host that was overloaded: one slot, and four transfers that may finish beside it. */
export function narrowBudget(): HostBudget {
  let now = 0
  const budget = new HostBudget(16, { elapsed: () => now, idle: () => 0 })
  for (; budget.limit > 1; now += 2_000) budget.slowDown()
  return budget
}
