import type { ConfigReader } from './config-reader.ts'
import type { Level } from './level.ts'
import type { Path } from './path.ts'

/** What rules want to know of a release of the catalogue. */
export interface CheckedRelease {
  readonly name: string
  readonly chartsKeepPath: boolean
}

/** One thing that can be wrong with a configuration. */
export interface Rule {
  readonly level: Level
  /** What goes wrong and why, whatever the file says. */
  readonly about: string
  /** Absent where it is noticed while the file is read. */
  readonly check?: (config: ConfigReader, release: CheckedRelease) => Iterable<Complaint>
}

export type Rules = Readonly<Record<string, Rule>>

/** That a rule is broken, and where. */
export interface Complaint {
  readonly path: string | Path
  readonly message: string
  readonly hint: string
  /** The complaint is about the key itself, not about its value. */
  readonly onKey?: true
}
