/**
 * Divides things between `count` shards so that the weights of the shards are about equal: the heaviest thing first, each to the
 * shard that has least so far. The result depends on the things alone, not on their order, so every process that divides the same
 * things gets the same result. The heaviest shard exceeds the mean by less than the weight of its last thing.
 * @param weigh bytes, or any other number that is not negative
 * @param nameOf tells things of the same weight apart
 * @returns the shard of each thing, counted from 0
 */
export function split<T>(
  things: Iterable<T>,
  count: number,
  weigh: (thing: T) => number,
  nameOf: (thing: T) => string,
): ReadonlyMap<T, number> {
  const weighed = [...things].map(thing => ({ thing, weight: weigh(thing), name: nameOf(thing) }))
  weighed.sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))
  const loads = Array.from({ length: count }, () => 0)
  return new Map(
    weighed.map(({ thing, weight }) => {
      const lightest = loads.indexOf(Math.min(...loads))
      loads[lightest]! += weight
      return [thing, lightest]
    }),
  )
}
