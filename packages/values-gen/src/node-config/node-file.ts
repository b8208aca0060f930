/** A file for a node. */
export interface NodeFile {
  /** where it is written, e.g. `certs.d/docker.io/hosts.toml` */
  readonly path: string
  /** where the node wants it */
  readonly nodePath: string
  readonly content: string
  /** 0600 where it holds a secret */
  readonly mode: 0o644 | 0o600
  readonly why: string
}
