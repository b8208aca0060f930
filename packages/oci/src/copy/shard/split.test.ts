import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { split } from './split.ts'

interface Thing {
  readonly name: string
  readonly size: number
}

const things = fc.uniqueArray(fc.record({ name: fc.string(), size: fc.nat(1e9) }), {
  selector: ({ name }) => name,
  maxLength: 60,
})
const counts = fc.integer({ min: 1, max: 20 })

const divide = (all: readonly Thing[], count: number) =>
  split(
    all,
    count,
    ({ size }) => size,
    ({ name }) => name,
  )

const total = (all: readonly Thing[]) => all.reduce((sum, { size }) => sum + size, 0)
const largest = (all: readonly Thing[]) => Math.max(0, ...all.map(({ size }) => size))

/** The weight of the heaviest shard. */
function longest(all: readonly Thing[], count: number): number {
  const shares = divide(all, count)
  const loads = Array.from({ length: count }, (_, shard) =>
    total(all.filter(thing => shares.get(thing) === shard)),
  )
  return Math.max(...loads)
}

describe('split', () => {
  it('gives each thing to one shard, whatever their order', () => {
    fc.assert(
      fc.property(things, counts, fc.infiniteStream(fc.nat()), (all, count, random) => {
        const shuffled = all
          .map(thing => ({ thing, at: random.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ thing }) => thing)
        const [shares, again] = [divide(all, count), divide(shuffled, count)]
        expect([...shares.keys()]).toHaveLength(all.length)
        for (const thing of all) {
          expect(shares.get(thing)).toBeOneOf(Array.from({ length: count }, (_, index) => index))
          expect(again.get(thing)).toBe(shares.get(thing))
        }
      }),
    )
  })

  it('gives no shard more than the mean and a part of the thing that it got last', () => {
    fc.assert(
      fc.property(things, counts, (all, count) => {
        const bound = total(all) / count + largest(all) * (1 - 1 / count)
        expect(longest(all, count)).toBeLessThanOrEqual(bound + 1e-6)
      }),
    )
  })

  it('is fair for sets as large as a release', () => {
    // Sizes as of layers: many small ones, few large ones.
    const sizes = fc.array(
      fc.tuple(fc.integer({ min: 10, max: 29 }), fc.double({ min: 1, max: 2, noNaN: true })),
      { minLength: 200, maxLength: 400 },
    )
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2, max: 8 }), (drawn, count) => {
        const all = drawn.map(([power, factor], index) => ({
          name: `${index}`,
          size: Math.round(2 ** power * factor),
        }))
        const bound = Math.max((1.15 * total(all)) / count, largest(all))
        expect(longest(all, count)).toBeLessThanOrEqual(bound)
      }),
    )
  })
})
