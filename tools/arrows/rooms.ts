import { dirname } from 'node:path'
import type { Import } from '../workspace/imports.ts'
import type { Package } from '../workspace/packages.ts'
import { isSource } from '../workspace/sources.ts'
import type { Room } from './table.ts'

/** An import, and the two rooms that it connects. */
export interface Arrow {
  readonly from: string
  readonly to: string
  readonly at: Import
}

/**
 * Finds the room of a file. An entry of a package is a room of its own, called by its specifier, because it may import every room.
 * A package without a room below its name in the table is one room.
 */
export function roomFinder(table: readonly Room[], packages: readonly Package[]): (path: string) => string {
  const entries = new Map(packages.flatMap(each => [...each.entries].map(([name, path]) => [path, name])))
  return path => {
    const entry = entries.get(path)
    if (entry !== undefined) return entry
    const [, short = '', below = ''] = /^packages\/([^/]+)\/src\/?(.*)$/.exec(dirname(path)) ?? []
    const hasRooms = table.some(({ name }) => name.startsWith(`${short}/`))
    // A test helper that source imports stays visible, whatever the package.
    return below !== '' && (hasRooms || !isSource(path)) ? `${short}/${below}` : short
  }
}

/** The arrows between rooms. Entries may import every room, so theirs are left out. */
export function arrowsOf(imports: readonly Import[], roomOf: (path: string) => string): Arrow[] {
  return imports
    .map(at => ({ from: roomOf(at.from), to: roomOf(at.to), at }))
    .filter(({ from, to }) => from !== to && !from.startsWith('@'))
}
