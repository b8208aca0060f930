import type { ConfigReader } from './config-reader.ts'
import type { Level } from './level.ts'
import type { Path } from './path.ts'

/** The facts about a release that rules use. */
export interface CheckedRelease {
  readonly name: string
  readonly chartsKeepPath: boolean
}

/** One thing that can be wrong with a configuration. */
export interface Rule {
  readonly level: Level
  /** The consequence and its reason, independent of the file. */
  readonly about: string
  /** Absent if other code finds the violation: the YAML parser, the schema, or the check of images in the registry. */
  readonly check?: (config: ConfigReader, release: CheckedRelease) => Iterable<Complaint>
}

export type Rules = Readonly<Record<string, Rule>>

/** A violation of a rule, with its path. */
export interface Complaint {
  readonly path: string | Path
  readonly message: string
  readonly hint: string
  /** The complaint is about the key itself, not about its value. */
  readonly onKey?: true
}
