/** A directed graph: each node with those that it points at. */
export type Graph = ReadonlyMap<string, Iterable<string>>

/** The sets of nodes that reach each other (Tarjan's strongly connected components with more than one node). */
export function circlesOf(graph: Graph): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []

  const visit = (node: string): number => {
    const at = order.size
    order.set(node, at)
    let lowest = at
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next))
      else if (stack.includes(next)) lowest = Math.min(lowest, low.get(next) ?? order.get(next) ?? at)
    }
    low.set(node, lowest)
    if (lowest === at) close(node)
    return lowest
  }
  const close = (node: string): void => {
    const circle = stack.splice(stack.indexOf(node))
    if (circle.length > 1) circles.push(circle.sort())
  }

  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return circles.sort()
}

/** The graph of a list of arrows. */
export function graphOf(arrows: Iterable<{ readonly from: string; readonly to: string }>): Graph {
  const graph = new Map<string, Set<string>>()
  for (const { from, to } of arrows) graph.set(from, (graph.get(from) ?? new Set()).add(to))
  return graph
}
