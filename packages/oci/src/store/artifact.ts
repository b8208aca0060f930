import { GpregError } from '../errors.ts'
import { isDigest } from '../model/digest.ts'
import { isRepository, isTag } from '../model/reference.ts'
import type { ReadableRepository, Repository, Store } from './content.ts'

/** A repository and the name of its store. Content is told apart by store, repository and digest. */
export interface Place<R extends ReadableRepository = Repository> {
  /** One repository of a store can mount blobs of another. */
  readonly store: string
  readonly repository: R
}

/** What a tag or a digest names in a repository: an image, an index or any other artifact. */
export interface Artifact<R extends ReadableRepository = Repository> {
  /** What messages and events call it. */
  readonly name: string
  /** tag or digest */
  readonly reference: string
  /** What it is read from. A registry may be read with other rights, or by way of a mirror. */
  readonly source: Place<ReadableRepository>
  /** What it is written to. */
  readonly target: Place<R>
}

/**
 * An artifact of a store that has no host, such as a layout.
 * @param name `repository[:tag][@digest]`, the tag `latest` if there is neither; `:tag` in the layouts of tools that write bare tags
 * @throws `reference-invalid`
 */
export function artifactIn<R extends ReadableRepository>(store: Store<R>, name: string): Artifact<R> {
  const { repository, reference } = splitName(name)
  const place = { store: store.location, repository: store.repository(repository) }
  return { name, reference, source: place, target: place }
}

function splitName(name: string): { readonly repository: string; readonly reference: string } {
  const [, repository = '', tag, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/.exec(name) ?? []
  const reference = digest ?? tag ?? 'latest'
  const isName = repository === '' ? tag !== undefined || digest !== undefined : isRepository(repository)
  if (isName && (digest === undefined ? isTag(reference) : isDigest(digest))) return { repository, reference }
  throw new GpregError(
    'reference-invalid',
    `${JSON.stringify(name.slice(0, 300))} is not a name in a store without hosts`,
    { hint: 'write repository[:tag][@digest], e.g. library/redis:6.2' },
  )
}
