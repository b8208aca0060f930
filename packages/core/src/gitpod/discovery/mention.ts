/** A part of a text: offsets in UTF-16 units, without the end. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A place in a file that names an image. */
export interface Mention {
  /** what names it, e.g. `FROM`, `COPY --from`, `image` */
  readonly at: string
  /** as written */
  readonly text: string
  /** the reference, with variables resolved */
  readonly image: string
  /** from 1 */
  readonly line: number
  /** Where {@link text} stands, if another name can be written there; else `byHand` says why not. */
  readonly span?: Span
  readonly byHand?: string
  /** It stands in YAML without quotes, so what replaces it may need some. */
  readonly isPlain?: boolean
}

/** A mention in a file of a repository. */
export interface FileMention extends Mention {
  /** the repository as the user named it */
  readonly repository: string
  /** the file, below `repository` */
  readonly path: string
  /** the file itself, behind symbolic links */
  readonly realPath: string
}

/**
 * A line of a workspace's file that names an original registry. Builds and tools in a workspace ask the registry that the file
 * names, so that inside an air gap it must name the mirror.
 */
export interface Rewrite {
  readonly mention: FileMention
  /** the name in the mirror */
  readonly name: string
}

/** What a file says that cannot be followed: an image may be missing. */
export interface Problem {
  readonly line?: number | undefined
  readonly message: string
}

/** The images that a file names. */
export interface Mentions {
  readonly mentions: readonly Mention[]
  readonly problems: readonly Problem[]
}
