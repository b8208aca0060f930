import { z } from 'zod'
import { GpregError } from '../errors.ts'
import type { Call } from '../store/content.ts'
import type { DocumentBounds } from './http/body.ts'
import type { RepositoryApi } from './repository-api.ts'

const PAGE_SIZE = 1000
/** A million tags; a registry that answers with more pages is taken for endless. */
const MAX_PAGES = 1000
const PAGE_BOUNDS: DocumentBounds = { limit: 8 * 1024 * 1024, code: 'protocol' }

const page = z.object({ tags: z.array(z.string()).nullish() })

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags */
export async function* listTags(api: RepositoryApi, { signal }: Call): AsyncGenerator<string> {
  let query = `n=${PAGE_SIZE}`
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const request = { url: `tags/list?${query}`, expect: [200], signal }
    const { response, bytes } = await api.document(request, PAGE_BOUNDS)
    const parsed = page.safeParse(readJson(bytes))
    if (!parsed.success) {
      const message = 'the list of tags is not what the specification says'
      throw new GpregError('protocol', message, api.subject())
    }
    yield* parsed.data.tags ?? []
    const next = nextQuery(response.header('link'))
    if (next === undefined || next === query) return
    query = next
  }
  throw new GpregError('protocol', `the list of tags did not end after ${MAX_PAGES} pages`, api.subject())
}

/** The query of the link with `rel="next"`; its path is the one already asked. https://www.rfc-editor.org/rfc/rfc8288 */
export function nextQuery(link: string | undefined): string | undefined {
  for (const [, target = '', parameters = ''] of (link ?? '').slice(0, 8192).matchAll(/<([^>]*)>([^,]*)/g)) {
    if (/;\s*rel\s*=\s*"?next"?/i.test(parameters))
      return URL.parse(target, 'http://registry')?.search.slice(1)
  }
  return undefined
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
