/** What the flags say about every part. */
export interface Plan {
  readonly rounds: number
  /** factor for all sizes, for quick runs */
  readonly scale: number
  /** directory for the storage of registries */
  readonly parent: string
  /** another checkout of gpreg, which runs in turns with this one */
  readonly before?: string | undefined
  /** names of peers; default: all that are installed */
  readonly peers?: readonly string[] | undefined
  readonly peersOnly: boolean
  /** True if all parts run in one go: then no part measures more than the bars need. */
  readonly brief: boolean
}
