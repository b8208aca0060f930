import { MediaType } from '../model/descriptor.ts'
import { parseDigest } from '../model/digest.ts'
import { isReferrerLister, isRepositoryLister, isTagLister } from '../store/capabilities.ts'
import type { ReadableRepository, Store } from '../store/content.ts'
import { respond, respondJson, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'

const MAX_PAGE = 1000

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags */
export async function listTags(api: ApiRequest, repository: ReadableRepository): Promise<void> {
  if (!isTagLister(repository)) throw new ApiError(405, 'UNSUPPORTED', 'this store lists no tags')
  const all: string[] = []
  for await (const tag of repository.tags(api)) all.push(tag)
  const { items, headers } = page(api, all, `/v2/${repository.name}/tags/list`)
  respondJson(api, { name: repository.name, tags: items }, headers)
}

export async function listRepositories(api: ApiRequest, store: Store<ReadableRepository>): Promise<void> {
  if (!isRepositoryLister(store)) throw new ApiError(405, 'UNSUPPORTED', 'this store lists no repositories')
  const all: string[] = []
  for await (const name of store.repositories(api)) all.push(name)
  const { items, headers } = page(api, all, '/v2/_catalog')
  respondJson(api, { repositories: items }, headers)
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers */
export async function listReferrers(
  api: ApiRequest,
  repository: ReadableRepository,
  digest: string,
): Promise<void> {
  const subject = parseDigest(digest)
  // A 404 makes clients read the fallback tag.
  if (!isReferrerLister(repository)) throw new ApiError(404, 'UNSUPPORTED', 'this store lists no referrers')
  const all = await repository.referrers(subject, api)
  const wanted = api.url.searchParams.get('artifactType')
  const manifests = wanted === null ? all : all.filter(({ artifactType }) => artifactType === wanted)
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }))
  const filtered = wanted === null ? {} : { 'oci-filters-applied': 'artifactType' }
  respond(api, 200, { 'content-type': MediaType.ociIndex, ...filtered }, body)
}

/** One page: at most `n` items after `last`, in lexical order, and the link to the next page. */
function page(
  { url }: ApiRequest,
  all: readonly string[],
  path: string,
): { items: string[]; headers: Record<string, string> } {
  const last = url.searchParams.get('last')
  const wanted = url.searchParams.get('n')
  if (wanted !== null && !/^\d{1,9}$/.test(wanted))
    throw new ApiError(400, 'UNSUPPORTED', 'n is not a number of entries')
  const n = Math.min(Number(wanted ?? MAX_PAGE), MAX_PAGE)
  // A page goes on by the order of the text, whatever the order of the store.
  const sorted = all.toSorted()
  const rest = last === null ? sorted : sorted.filter(item => item > last)
  const items = rest.slice(0, n)
  const more = items.length > 0 && items.length < rest.length
  const query = new URLSearchParams({ n: `${n}`, last: items.at(-1) ?? '' })
  return { items, headers: more ? { link: `<${path}?${query}>; rel="next"` } : {} }
}
