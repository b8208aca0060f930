import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

/** A room is a folder of source files, without the folders below it. */
export interface Room {
  /** Package and folder: `oci/store/layout`. Files that lie directly in `src/` are in the room `oci`. */
  readonly name: string
  /** What is in the room, for docs/architecture.md. */
  readonly holds: string
  /** Rooms, and entries of other packages, that files of this room may import. */
  readonly imports: readonly string[]
  /** Arrows that close a circle between rooms, each with the reason why it is there. */
  readonly back?: Readonly<Record<string, string>>
}

const TABLE = fileURLToPath(new URL('../arrows.json', import.meta.url))

/** The one table of arrows: the test holds the imports against it, docs/architecture.md shows it. */
export function readTable(): Room[] {
  return JSON.parse(readFileSync(TABLE, 'utf8'))
}

export async function writeTable(table: readonly Room[]): Promise<void> {
  const style = { ...(await resolveConfig(TABLE)), parser: 'json' }
  writeFileSync(TABLE, await format(JSON.stringify(table), style))
}

/** All that a room may import. */
export const allowed = ({ imports, back = {} }: Room): string[] => [...imports, ...Object.keys(back)]
