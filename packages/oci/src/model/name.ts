import { GpregError } from '../errors.ts'
import { isDigest, type Digest } from './digest.ts'
import { isRepository, isTag, joinPath, type Reference, type RegistryPrefix } from './reference.ts'

/**
 * A reference without a host: `repository[:tag][@digest]`. It names content below a prefix of any registry, in a layout, in a
 * bundle. The repository is empty in the layouts of tools that write bare tags.
 */
export interface RelativeName {
  /** e.g. `library/redis` */
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

/**
 * Reads `repository[:tag][@digest]`; the tag is `latest` if there is neither. `:tag` and `@digest` name content of a layout that
 * has no repositories.
 * @throws `reference-invalid`
 */
export function parseRelativeName(text: string): RelativeName {
  const [, repository = '', tag, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/s.exec(text) ?? []
  const isBare = repository === '' && (tag ?? digest) !== undefined
  const isValid =
    (isBare || isRepository(repository)) &&
    (tag === undefined || isTag(tag)) &&
    (digest === undefined || isDigest(digest))
  if (!isValid)
    throw new GpregError(
      'reference-invalid',
      `${JSON.stringify(text.slice(0, 300))} is not a name without a host`,
      { hint: 'write repository[:tag][@digest], e.g. library/redis:6.2' },
    )
  return {
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest === undefined ? {} : { digest }),
  }
}

export function formatRelativeName({ repository, tag, digest }: RelativeName): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** The name of a reference without its host. */
export function withoutHost({ repository, tag, digest }: Reference): RelativeName {
  return {
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/**
 * The reference that a name has below a prefix. A name without a repository is a tag of the prefix itself; below a bare host,
 * which has no repository of its own, the repository is called `image`.
 */
export function referenceBelow({ host, path }: RegistryPrefix, name: RelativeName): Reference {
  const repository = name.repository === '' ? path || 'image' : joinPath(path, name.repository)
  return { ...name, host, repository }
}

/** The name that a reference has below a prefix; undefined if the reference lies elsewhere. */
export function nameBelow({ host, path }: RegistryPrefix, reference: Reference): RelativeName | undefined {
  const isBelow = host === reference.host && (path === '' || reference.repository.startsWith(`${path}/`))
  if (!isBelow) return undefined
  const name = withoutHost(reference)
  return { ...name, repository: name.repository.slice(path === '' ? 0 : path.length + 1) }
}
