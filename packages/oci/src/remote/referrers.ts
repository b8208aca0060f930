import { GpregError, isGpregError, type ErrorSubject } from '../errors.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../model/digest.ts'
import { describeReferrer, parseManifest, type ManifestNode } from '../model/manifest.ts'
import type { ReferrersCall } from '../store/capabilities.ts'
import type { Call } from '../store/content.ts'
import { MANIFEST_BOUNDS, putManifest, readNamedManifest } from './manifests.ts'
import type { RepositoryApi } from './repository-api.ts'
import { nextQuery } from './tags.ts'

const MAX_PAGES = 100

/** A manifest that has a subject. */
export type Referrer = Pick<ManifestNode, 'descriptor' | 'bytes'>

/** Lists and records referrers in one registry: by its referrers API, or with fallback tags if it has none. */
export class Referrers {
  /** A registry with the API never answers 404, so after one 404 the API is not asked again. */
  #lacksApi = false
  /** A fallback index is read, changed and written, so only one writer at a time may do that; by `repository@subject`. */
  readonly #writers = new Map<string, Promise<void>>()

  /**
   * The manifests with this subject. Only a 404 means "none"; every other failure is thrown.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
   */
  async list(api: RepositoryApi, subject: Digest, call: ReferrersCall): Promise<readonly Descriptor[]> {
    const found = this.#lacksApi ? undefined : await listByApi(api, subject, call)
    if (found !== undefined) return found
    this.#lacksApi = true
    return call.tags?.has(fallbackTag(subject)) === false ? [] : readFallback(api, subject, call)
  }

  /**
   * Adds a manifest to the fallback index of its subject, for a registry that keeps no list itself.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject
   */
  record(api: RepositoryApi, subject: Digest, referrer: Referrer, call: Call): Promise<void> {
    return this.#inTurn(api, subject, () => addToFallback(api, subject, referrer, call))
  }

  /**
   * Takes a deleted manifest out of the fallback index of its subject, for a registry that keeps no list itself.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests
   */
  async forget(api: RepositoryApi, subject: Digest, referrer: Digest, call: Call): Promise<void> {
    if (!this.#lacksApi && (await listByApi(api, subject, call)) !== undefined) return
    await this.#inTurn(api, subject, () => removeFromFallback(api, subject, referrer, call))
  }

  /** Runs one change of a fallback index after the other. */
  async #inTurn(api: RepositoryApi, subject: Digest, change: () => Promise<void>): Promise<void> {
    const key = `${api.name}@${subject}`
    const before = this.#writers.get(key) ?? Promise.resolve()
    const turn = before.then(change)
    const settled: Promise<void> = turn
      .catch(() => {})
      .finally(() => this.#writers.get(key) === settled && this.#writers.delete(key))
    this.#writers.set(key, settled)
    return turn
  }
}

/** The tag under which clients keep the referrers of a digest: `sha256-<hex>`. */
export function fallbackTag(subject: Digest): string {
  return `${digestAlgorithm(subject)}-${digestHex(subject)}`.slice(0, 128)
}

/** @returns undefined if the registry has no referrers API */
async function listByApi(
  api: RepositoryApi,
  subject: Digest,
  { signal }: Call,
): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = []
  let url = `referrers/${subject}`
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const headers = { accept: MediaType.ociIndex }
    const request = { url, headers, expect: [200, 404], signal }
    const { response, bytes } = await api.document(request, MANIFEST_BOUNDS)
    if (response.status === 404) return undefined
    found.push(...indexEntries(bytes, api.subject()))
    const next = nextQuery(response.header('link'))
    if (next === undefined) return found
    url = `referrers/${subject}?${next}`
  }
  throw new GpregError('protocol', `the list of referrers did not end after ${MAX_PAGES} pages`, {
    ...api.subject(),
    hint: 'leave signatures out with --no-referrers, or report this to whoever runs the registry',
  })
}

async function readFallback(api: RepositoryApi, subject: Digest, call: Call): Promise<readonly Descriptor[]> {
  try {
    const { bytes } = await readNamedManifest(api, fallbackTag(subject), call)
    return indexEntries(bytes, api.subject())
  } catch (error) {
    if (isGpregError(error, 'not-found')) return []
    throw error
  }
}

async function addToFallback(
  api: RepositoryApi,
  subject: Digest,
  { descriptor, bytes }: Referrer,
  call: Call,
): Promise<void> {
  const known = await readFallback(api, subject, call)
  if (known.some(entry => entry.digest === descriptor.digest)) return
  const entry = describeReferrer(descriptor, parseManifest(bytes, descriptor.mediaType))
  await writeFallback(api, subject, [...known, entry], call)
}

async function removeFromFallback(
  api: RepositoryApi,
  subject: Digest,
  referrer: Digest,
  call: Call,
): Promise<void> {
  const known = await readFallback(api, subject, call)
  const kept = known.filter(({ digest }) => digest !== referrer)
  if (kept.length < known.length) await writeFallback(api, subject, kept, call)
}

async function writeFallback(
  api: RepositoryApi,
  subject: Digest,
  manifests: readonly Descriptor[],
  call: Call,
): Promise<void> {
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }))
  await putManifest(api, fallbackTag(subject), MediaType.ociIndex, index, call)
}

function indexEntries(bytes: Uint8Array, subject: ErrorSubject): readonly Descriptor[] {
  const manifest = parseManifest(bytes, MediaType.ociIndex, subject)
  return manifest.kind === 'index' ? manifest.manifests : []
}
