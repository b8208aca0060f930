import { parseRelativeName } from '../model/name.ts'
import type { ReadableRepository, Repository, Store } from './content.ts'

/** A repository and the name of its store. Content is told apart by store, repository and digest. */
export interface Place<R extends ReadableRepository = Repository> {
  /** One repository of a store can mount blobs of another. */
  readonly store: string
  readonly repository: R
}

/** An image, an index or any other artifact, named by a tag or a digest in a repository. */
export interface Artifact<R extends ReadableRepository = Repository> {
  /** Name for messages and events. */
  readonly name: string
  /** tag or digest */
  readonly reference: string
  /** Repository to read from. A registry may be read with fewer rights, or by way of a mirror. */
  readonly source: Place<ReadableRepository>
  /** Repository to write to. */
  readonly target: Place<R>
}

/** The host and port of a name as other tools write it into a layout. No tag has a slash behind it. */
const HOST_AND_PORT = /^(?:[^/:@]+|\[[^\]/@]+\]):[0-9]+\//

/**
 * An artifact of a store that has no host, such as a layout.
 * @param name `repository[:tag][@digest]`, the tag `latest` if there is neither; `:tag` in the layouts of tools that write bare tags,
 * `host:port/repository:tag` in those of tools that write whole references
 * @throws `reference-invalid`
 */
export function artifactIn<R extends ReadableRepository>(store: Store<R>, name: string): Artifact<R> {
  const [host = ''] = HOST_AND_PORT.exec(name) ?? []
  const { repository, tag, digest } = parseRelativeName(name.slice(host.length))
  const place = { store: store.location, repository: store.repository(`${host}${repository}`) }
  return { name, reference: digest ?? tag ?? 'latest', source: place, target: place }
}
