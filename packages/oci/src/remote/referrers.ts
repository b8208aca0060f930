import { GpregError, type ErrorSubject } from '../errors.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestHex, digestOf, type Digest } from '../model/digest.ts'
import { describeReferrer, parseManifest } from '../model/manifest.ts'
import type { RegistryClient } from './http/client.ts'
import type { ApiResponse } from './http/exchange.ts'
import { nextQuery } from './tags.ts'

/** What the referrers of a repository need of it. */
export interface ReferrersWire {
  /** What the referrers API answers below the repository; 404 is an answer too. */
  get(path: string): Promise<{ response: ApiResponse; bytes: Uint8Array }>
  /** The manifest behind a tag; undefined where there is none. */
  read(tag: string): Promise<{ descriptor: Descriptor; bytes: Uint8Array } | undefined>
  write(tag: string, descriptor: Descriptor, bytes: Uint8Array): Promise<void>
  readonly client: RegistryClient
  readonly name: string
  readonly subject: ErrorSubject
}

const MAX_PAGES = 100

/** Registries that answered 404: those with the API answer an empty list instead. Asked once a run. */
const withoutApi = new WeakSet<RegistryClient>()

/**
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers, and where the registry has no such
 * API, the fallback tag. Only a 404 means "none"; every other failure is thrown.
 */
export async function listReferrers(
  wire: ReferrersWire,
  subject: Digest,
  tags?: ReadonlySet<string>,
): Promise<readonly Descriptor[]> {
  const fallback = () => (tags?.has(fallbackTag(subject)) === false ? [] : readFallback(wire, subject))
  if (withoutApi.has(wire.client)) return fallback()
  const found: Descriptor[] = []
  let path = `referrers/${subject}`
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { response, bytes } = await wire.get(path)
    if (response.status === 404) {
      withoutApi.add(wire.client)
      return fallback()
    }
    found.push(...indexEntries(bytes, wire.subject))
    const next = nextQuery(response.header('link'))
    if (next === undefined) return found
    path = `referrers/${subject}?${next}`
  }
  throw new GpregError('protocol', `the list of referrers did not end after ${MAX_PAGES} pages`, {
    ...wire.subject,
    hint: 'leave signatures out with --no-referrers, or report this to whoever runs the registry',
  })
}

/** The tag under which clients keep the referrers of a digest: `sha256-<hex>`. */
export function fallbackTag(subject: Digest): string {
  return `${digestAlgorithm(subject)}-${digestHex(subject)}`.slice(0, 128)
}

async function readFallback(wire: ReferrersWire, subject: Digest): Promise<readonly Descriptor[]> {
  const manifest = await wire.read(fallbackTag(subject))
  return manifest === undefined ? [] : indexEntries(manifest.bytes, wire.subject)
}

/** One writer at a time for each fallback index: it is read, changed and written. */
const writers = new Map<string, Promise<void>>()

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject */
export async function recordReferrer(
  wire: ReferrersWire,
  subject: Digest,
  referrer: { descriptor: Descriptor; bytes: Uint8Array },
): Promise<void> {
  const key = `${wire.client.host}/${wire.name}@${subject}`
  const turn = (writers.get(key) ?? Promise.resolve()).then(() => addToFallback(wire, subject, referrer))
  const settled = turn.catch(() => {}).finally(() => writers.get(key) === settled && writers.delete(key))
  writers.set(key, settled)
  return turn
}

async function addToFallback(
  wire: ReferrersWire,
  subject: Digest,
  { descriptor, bytes }: { descriptor: Descriptor; bytes: Uint8Array },
): Promise<void> {
  const known = await readFallback(wire, subject)
  if (known.some(entry => entry.digest === descriptor.digest)) return
  const entry = describeReferrer(descriptor, parseManifest(bytes, descriptor.mediaType))
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [...known, entry] }),
  )
  const written = { mediaType: MediaType.ociIndex, digest: digestOf(index), size: index.byteLength }
  await wire.write(fallbackTag(subject), written, index)
}

function indexEntries(bytes: Uint8Array, subject: ErrorSubject): readonly Descriptor[] {
  const manifest = parseManifest(bytes, MediaType.ociIndex, subject)
  return manifest.kind === 'index' ? manifest.manifests : []
}
