import type { Context } from '../context.ts'
import { GpregError, isGpregError, unlessAborted } from '../errors.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../model/digest.ts'
import { describeReferrer, parseManifest, type ManifestNode } from '../model/manifest.ts'
import { Sequencer } from '../sequencer.ts'
import type { ReferrersCall } from '../store/capabilities.ts'
import type { Call } from '../store/content.ts'
import type { ApiResponse } from './http/request.ts'
import { MANIFEST_BOUNDS, putManifest, readNamedManifest } from './manifests.ts'
import type { RepositoryApi } from './repository-api.ts'
import { nextQuery } from './lists.ts'

const MAX_PAGES = 100

/** After this many repositories without a list, and none with one, the other repositories of the registry are not asked. */
const ENOUGH = 3

/** A manifest that has a subject. */
export type Referrer = Pick<ManifestNode, 'descriptor' | 'bytes'>

/** Lists and records referrers in one registry: by its referrers API, or with fallback tags if it has none. */
export class Referrers {
  readonly #context: Context
  /** Whether a repository answers with lists; by its name. Those of one host may differ, because proxies route by path. */
  readonly #answers = new Map<string, boolean>()
  /** Whether any repository has answered with a list. */
  #hasApi = false
  #isTold = false
  /** A fallback index is read, changed and written, so only one writer at a time may do that; by `repository@subject`. */
  readonly #writers = new Sequencer()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * The manifests with this subject.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
   * @throws if the registry does not tell: it wants a login, asks to wait, or fails
   */
  async list(api: RepositoryApi, subject: Digest, call: ReferrersCall): Promise<readonly Descriptor[]> {
    const found = await this.#listByApi(api, subject, call)
    if (found !== undefined) return found
    if (call.tags?.has(fallbackTag(subject)) === false) return []
    return (await readFallback(api, subject, call)) ?? []
  }

  /**
   * Adds a manifest to the fallback index of its subject, for a registry that keeps no list itself.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject
   */
  record(api: RepositoryApi, subject: Digest, referrer: Referrer, call: Call): Promise<void> {
    return this.#inTurn(api, subject, () => this.#addToFallback(api, subject, referrer, call))
  }

  /**
   * Takes a deleted manifest out of the fallback index of its subject, for a registry that keeps no list itself.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests
   */
  async forget(api: RepositoryApi, subject: Digest, referrer: Digest, call: Call): Promise<void> {
    if ((await this.#listByApi(api, subject, call)) !== undefined) return
    await this.#inTurn(api, subject, () => removeFromFallback(api, subject, referrer, call))
  }

  /** Runs one change of a fallback index after the other. */
  #inTurn(api: RepositoryApi, subject: Digest, change: () => Promise<void>): Promise<void> {
    return this.#writers.run([`${api.name}@${subject}`], change)
  }

  /** @returns undefined if the repository has no referrers API, which is told once unless it says so by a 404 */
  async #listByApi(
    api: RepositoryApi,
    subject: Digest,
    call: Call,
  ): Promise<readonly Descriptor[] | undefined> {
    const { name } = api
    const known = this.#answers.get(name)
    if (!(known ?? (this.#hasApi || this.#answers.size < ENOUGH))) return undefined
    try {
      const found = await listByApi(api, subject, call)
      this.#hasApi = true
      this.#answers.set(name, true)
      return found
    } catch (thrown) {
      const error = unlessAborted(thrown)
      if (!isNoList(error)) throw error
      // After a list the answer is about this subject, and some registries know no digests but sha256.
      if (digestAlgorithm(subject) === 'sha256' && !this.#answers.get(name)) this.#answers.set(name, false)
      if (error.subject.status !== 404 && !this.#isTold) {
        this.#isTold = true
        this.#tell(api, error.message)
      }
      return undefined
    }
  }

  async #addToFallback(
    api: RepositoryApi,
    subject: Digest,
    { descriptor, bytes }: Referrer,
    call: Call,
  ): Promise<void> {
    const known = await readFallback(api, subject, call)
    if (known === undefined) {
      const taken = `${api.subject(fallbackTag(subject)).reference} holds something else than a list of referrers, and is left as it is`
      return this.#tell(api, `${taken}: clients find ${descriptor.digest} by its digest only`)
    }
    if (known.some(entry => entry.digest === descriptor.digest)) return
    const entry = describeReferrer(descriptor, parseManifest(bytes, descriptor.mediaType))
    await writeFallback(api, subject, [...known, entry], call)
  }

  #tell(api: RepositoryApi, what: string): void {
    const message = `${what}. Signatures are also looked for by their tags; leave them out with --no-referrers`
    this.#context.emit({ type: 'warning', code: 'referrers-unlisted', message, subject: api.subject() })
  }
}

/** The tag under which clients keep the referrers of a digest: `sha256-<hex>`. */
export function fallbackTag(subject: Digest): string {
  return `${digestAlgorithm(subject)}-${digestHex(subject)}`.slice(0, 128)
}

async function listByApi(
  api: RepositoryApi,
  subject: Digest,
  { signal }: Call,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = []
  const read = new Set<string>()
  let url = `referrers/${subject}`
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const request = { url, headers: { accept: MediaType.ociIndex }, expect: [200], signal }
    const { response, bytes } = await api.document(request, MANIFEST_BOUNDS)
    const entries = listEntries(bytes)
    if (entries === undefined) throw noList(api, response)
    found.push(...entries)
    const next = nextQuery(response.header('link'))
    if (next === undefined || read.has(next)) return found
    read.add(next)
    url = `referrers/${subject}?${next}`
  }
  throw new GpregError('protocol', `the list of referrers did not end after ${MAX_PAGES} pages`, {
    ...api.subject(),
    hint: 'leave signatures out with --no-referrers, or report this to whoever runs the registry',
  })
}

/** Statuses of registries that do not know the question. */
const NO_LIST: ReadonlySet<number> = new Set([200, 400, 404, 405, 406, 501])

function isNoList({ code, subject: { status } }: GpregError): boolean {
  return code !== 'unreachable' && status !== undefined && NO_LIST.has(status)
}

function noList(api: RepositoryApi, { header }: ApiResponse): GpregError {
  const type = header('content-type') ?? 'nothing'
  const told = api.client.secrets.scrub(type.slice(0, 100))
  return new GpregError(
    'protocol',
    `${api.client.host} answered ${told} to the question for referrers, not a list`,
    {
      ...api.subject(),
      status: 200,
    },
  )
}

/** The entries of a list of referrers; undefined if the bytes are none, such as the page of a login or `{}`. */
function listEntries(bytes: Uint8Array): readonly Descriptor[] | undefined {
  try {
    const manifest = parseManifest(bytes, undefined)
    return manifest.kind === 'index' ? manifest.manifests : undefined
  } catch {
    return undefined
  }
}

/**
 * The entries of the fallback index of a subject; empty if the tag is not there; undefined if it holds something else: an image of
 * an old cosign, or the subject itself, because GitLab reads `sha256-<hex>` as the digest.
 */
async function readFallback(
  api: RepositoryApi,
  subject: Digest,
  call: Call,
): Promise<readonly Descriptor[] | undefined> {
  try {
    const { descriptor, manifest } = await readNamedManifest(api, fallbackTag(subject), call)
    const isList = manifest.kind === 'index' && descriptor.digest !== subject
    return isList && !manifest.manifests.some(isPlatformImage) ? manifest.manifests : undefined
  } catch (error) {
    if (isGpregError(error, 'not-found')) return []
    if (isGpregError(error, 'manifest-invalid') || isGpregError(error, 'manifest-unsupported'))
      return undefined
    throw error
  }
}

/** An entry of a multi-platform image. Referrers have no platform. */
function isPlatformImage({ platform }: Descriptor): boolean {
  return platform !== undefined && platform.os !== 'unknown'
}

async function removeFromFallback(
  api: RepositoryApi,
  subject: Digest,
  referrer: Digest,
  call: Call,
): Promise<void> {
  const known = (await readFallback(api, subject, call)) ?? []
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
