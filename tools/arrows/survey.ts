import { importsOf } from '../workspace/imports.ts'
import { readPackages } from '../workspace/packages.ts'
import { readSources } from '../workspace/sources.ts'
import { arrowsOf, roomFinder, type Arrow } from './rooms.ts'
import type { Room } from './table.ts'

/** The rooms of the tree, and the arrows between them. */
export interface Survey {
  readonly rooms: ReadonlySet<string>
  readonly arrows: readonly Arrow[]
}

export function surveyRooms(repo: string, table: readonly Room[]): Survey {
  const packages = readPackages(repo)
  const sources = readSources(repo, packages)
  const roomOf = roomFinder(table, packages)
  const rooms = sources.map(({ path }) => roomOf(path)).filter(room => !room.startsWith('@'))
  return { rooms: new Set(rooms), arrows: arrowsOf(importsOf(sources, packages), roomOf) }
}

/** The table that fits the tree. What rooms hold, and the reasons for circles, are kept; new rooms come last and say nothing yet. */
export function fitTable({ rooms, arrows }: Survey, table: readonly Room[]): Room[] {
  const known = table.map(({ name }) => name).filter(name => rooms.has(name))
  const fresh = [...rooms].filter(name => !known.includes(name)).sort()
  return [...known, ...fresh].map(name => {
    const { holds, back = {} } = table.find(room => room.name === name) ?? { holds: '' }
    const drawn = new Set(arrows.filter(({ from }) => from === name).map(({ to }) => to))
    const kept = Object.entries(back).filter(([to]) => drawn.has(to))
    const imports = [...drawn].filter(to => !Object.hasOwn(back, to)).sort()
    return { name, holds, imports, ...(kept.length > 0 && { back: Object.fromEntries(kept) }) }
  })
}
