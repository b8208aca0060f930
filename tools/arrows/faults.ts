import { circlesOf, graphOf } from '../workspace/circles.ts'
import type { Arrow } from './rooms.ts'
import { allowed, type Room } from './table.ts'

/** Imports that the table does not allow. */
export function wrongArrows(arrows: readonly Arrow[], table: readonly Room[]): string[] {
  const rows = new Map(table.map(room => [room.name, new Set(allowed(room))]))
  return arrows
    .filter(({ from, to }) => !rows.get(from)?.has(to))
    .map(({ from, to, at }) => `${at.from}:${at.line} imports ${at.specifier}: ${from} may not import ${to}`)
}

/** Arrows of the table that no import has, and rooms that have no file, or no row. */
export function staleRows(
  arrows: readonly Arrow[],
  rooms: ReadonlySet<string>,
  table: readonly Room[],
): string[] {
  const drawn = new Set(arrows.map(({ from, to }) => `${from} ${to}`))
  const rows = new Set(table.map(({ name }) => name))
  return [
    ...table.filter(({ name }) => !rooms.has(name)).map(({ name }) => `${name} has no file: take it out`),
    ...[...rooms].filter(room => !rows.has(room)).map(room => `${room} has no row in the table`),
    ...table.filter(({ holds }) => holds === '').map(({ name }) => `${name} does not say what it holds`),
    ...table.flatMap(room =>
      allowed(room)
        .filter(to => !drawn.has(`${room.name} ${to}`))
        .map(to => `no file of ${room.name} imports ${to}: take the arrow out`),
    ),
  ]
}

/** Circles between rooms that are not explained by an arrow in `back`, and explanations of arrows that close no circle. */
export function circleFaults(table: readonly Room[]): string[] {
  const arrows = table.flatMap(({ name, imports }) => imports.map(to => ({ from: name, to })))
  const needless = table.flatMap(({ name, back = {} }) =>
    Object.keys(back)
      .filter(to => !circlesOf(graphOf([...arrows, { from: name, to }])).length)
      .map(to => `${name} -> ${to}`),
  )
  return [
    ...circlesOf(graphOf(arrows)).map(circle => `circle without a reason: ${circle.join(', ')}`),
    ...needless.map(arrow => `${arrow} closes no circle: it belongs to imports`),
  ]
}
