import { z } from 'zod'
import { GpregError, type ErrorSubject } from '../errors.ts'
import { isRepository } from '../model/reference.ts'
import type { Call } from '../store/content.ts'
import { utf8Text } from '../text.ts'
import type { DocumentBounds } from './http/body.ts'
import type { Document, RegistryClient } from './http/client.ts'
import type { RepositoryApi } from './repository-api.ts'

const TAGS_A_PAGE = 1000
/** A million tags; a registry that answers with more pages is taken for endless. */
const MAX_PAGES = 1000
const PAGE_BOUNDS: DocumentBounds = { limit: 8 * 1024 * 1024, code: 'protocol' }

const tagPage = z.object({ tags: z.array(z.string()).nullish() })
const repositoryPage = z.object({ repositories: z.array(z.string()).nullish() })

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags */
export async function* listTags(api: RepositoryApi, { signal }: Call): AsyncGenerator<string> {
  const read = (query: string) =>
    api.document({ url: `tags/list?${query}`, expect: [200], signal }, PAGE_BOUNDS)
  const list = { what: 'tags', subject: api.subject(), query: `n=${TAGS_A_PAGE}`, read }
  for await (const page of pages(list, tagPage)) yield* page.tags ?? []
}

/**
 * The repositories of a registry, read from its catalogue. Entries that are no names of repositories are left out.
 * https://distribution.github.io/distribution/spec/api/#listing-repositories
 * @param below the path whose login is used
 */
export async function* listRepositories(
  client: RegistryClient,
  below: string,
  { signal }: Call,
): AsyncGenerator<string> {
  const scopes = [{ repository: below, actions: 'catalog' }] as const
  const read = (query: string) =>
    client.document(
      { method: 'GET', url: `_catalog${query && `?${query}`}`, scopes, expect: [200], signal },
      PAGE_BOUNDS,
    )
  const subject = { side: client.side, host: client.host }
  // The registry decides how long a page is, because some refuse a number that they find too large.
  const list = { what: 'repositories', subject, query: '', read }
  for await (const page of pages(list, repositoryPage)) yield* (page.repositories ?? []).filter(isRepository)
}

/** A list that a registry gives in pages. */
interface PagedList {
  /** for messages */
  readonly what: string
  readonly subject: ErrorSubject
  /** of the first page */
  readonly query: string
  read(query: string): Promise<Document>
}

/** Reads page after page, as the `Link` headers lead. @throws `protocol` if a page is not of the shape, or if there is no end */
async function* pages<S extends z.ZodType>(
  { what, subject, query: first, read: readPage }: PagedList,
  shape: S,
): AsyncGenerator<z.output<S>> {
  let query = first
  const read = new Set([query])
  for (let count = 0; count < MAX_PAGES; count++) {
    const { response, bytes } = await readPage(query)
    const parsed = shape.safeParse(readJson(bytes))
    if (!parsed.success)
      throw new GpregError('protocol', `the list of ${what} is not what the specification says`, subject)
    yield parsed.data
    const next = nextQuery(response.header('link'))
    if (next === undefined || read.has(next)) return
    read.add(next)
    query = next
  }
  throw new GpregError('protocol', `the list of ${what} did not end after ${MAX_PAGES} pages`, subject)
}

/** A link and its parameters. https://www.rfc-editor.org/rfc/rfc8288#section-3 */
const LINK = /<([^>]*)>\s*((?:;\s*[\w*-]+(?:\s*=\s*(?:"[^"]*"|[^\s,;"]*))?\s*)*)/g
const RELATION = /(?:^|;)\s*rel\s*=\s*(?:"([^"]*)"|([^\s,;"]*))/i

/**
 * The query of the link to the next page; its path is the one already asked. A link that does not say what it leads to is taken for
 * that, as crane, skopeo and oras do.
 */
export function nextQuery(link: string | undefined): string | undefined {
  for (const [, target = '', parameters = ''] of (link ?? '').slice(0, 8192).matchAll(LINK)) {
    const [, quoted, bare] = RELATION.exec(parameters) ?? []
    const relation = quoted ?? bare
    const query = URL.parse(target, 'http://registry')?.search.slice(1)
    if (relation === undefined ? query : /(?:^|\s)next(?:\s|$)/i.test(relation)) return query
  }
  return undefined
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Text(bytes))
  } catch {
    return undefined
  }
}
