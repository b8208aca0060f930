import { expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { HostBudget } from '../remote/http/host-budget.ts'
import { SmallLane } from './small-lane.ts'

/** How many of a hundred pieces of work run at once. */
async function widthOf(lane: SmallLane, ...budgets: HostBudget[]): Promise<number> {
  const ends: (() => void)[] = []
  const work = () => new Promise<void>(resolve => ends.push(resolve))
  const runs = Array.from({ length: 100 }, () => lane.run(budgets, work))
  const width = ends.length
  for (let ended = 0; ended < runs.length; ended++) {
    ends[ended]!()
    await runs[ended]
  }
  return width
}

it('narrows where a host has too much, down to what one transfer allows', async () => {
  let now = 0
  const clock = { elapsed: () => now, idle: () => now }
  const [source, target] = [0, 0].map(() => new HostBudget(16, clock)) as [HostBudget, HostBudget]
  const lane = new SmallLane(16)
  expect(await widthOf(lane, source, target)).toBe(16)
  const widths = []
  for (now = 2_000; now <= 8_000; now += 2_000) {
    target.slowDown()
    widths.push(await widthOf(lane, source, target))
  }
  expect(widths).toEqual([8, 4, 4, 4])
})

it('is as narrow as the user wants, with or without budgets', async () => {
  expect(await widthOf(new SmallLane(1))).toBe(4)
  expect(await widthOf(new SmallLane(16), new HostBudget(2, createContext()))).toBe(8)
})
