import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Digest, MemoryStore } from '@gpreg/oci'
import { answer, type Oddity } from '@gpreg/oci/testing'

export interface RawManifest {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Buffer
}

interface Entry {
  readonly digest: string
  readonly mediaType?: string
  readonly urls?: readonly string[]
}

/** What a manifest or an index of any kind may have. Tools write `null` for what is absent. */
export interface Document {
  readonly config?: Entry | null
  readonly layers?: readonly Entry[] | null
  readonly manifests?: readonly Entry[] | null
  readonly subject?: Entry | null
  readonly artifactType?: string
}

const INDEX = 'application/vnd.oci.image.index.v1+json'
const PATH = /^\/v2\/(.+)\/(manifests|referrers|tags)\/([^/]+)$/

/** Manifests as bytes, with whatever type they were sent, so that gpreg's own reading of them decides nothing. */
export class RawManifests {
  readonly #store: MemoryStore
  /** by repository, then by tag and by digest */
  readonly #repositories = new Map<string, Map<string, RawManifest>>()

  constructor(store: MemoryStore) {
    this.#store = store
  }

  find(repository: string, reference: string): RawManifest | undefined {
    return this.#repositories.get(repository)?.get(reference)
  }

  /** @param reference a tag or a digest */
  put(repository: string, reference: string, mediaType: string, bytes: Buffer): RawManifest {
    const digest = hash(reference.startsWith('sha512:') ? 'sha512' : 'sha256', bytes)
    const manifest = { mediaType, digest, bytes }
    const known = this.#repositories.get(repository) ?? new Map<string, RawManifest>()
    this.#repositories.set(repository, known.set(reference, manifest).set(digest, manifest))
    return manifest
  }

  /** Answers requests for manifests, tags and referrers. */
  readonly handle: Oddity = (request, response) => {
    const path = decodeURIComponent(request.url!.replace(/\?.*/, ''))
    const [, repository, kind, reference] = PATH.exec(path) ?? []
    if (repository === undefined || reference === undefined) return false
    if (kind === 'tags') return this.#answerTags(repository, response)
    if (kind === 'referrers') return json(response, 200, this.#referrers(repository, reference), INDEX)
    if (request.method === 'PUT') return this.#take(request, response, repository, reference)
    const found = this.find(repository, reference)
    if (found === undefined) return failure(response, 404, 'MANIFEST_UNKNOWN', reference)
    return answer(response, 200, request.method === 'HEAD' ? '' : found.bytes, {
      'content-type': found.mediaType,
      'content-length': `${found.bytes.byteLength}`,
      'docker-content-digest': found.digest,
    })
  }

  #answerTags(name: string, response: ServerResponse): true {
    const known = this.#repositories.get(name)
    if (known === undefined) return failure(response, 404, 'NAME_UNKNOWN', name)
    const tags = [...known.keys()].filter(key => !key.includes(':')).sort()
    return json(response, 200, { name, tags })
  }

  #referrers(repository: string, subject: string): object {
    const all = new Set(this.#repositories.get(repository)?.values() ?? [])
    const manifests = [...all].flatMap(({ mediaType, digest, bytes }) => {
      const document = JSON.parse(bytes.toString()) as Document
      if (document.subject?.digest !== subject) return []
      const artifactType = document.artifactType ?? document.config?.mediaType
      return [{ mediaType, digest, size: bytes.byteLength, artifactType }]
    })
    return { schemaVersion: 2, mediaType: INDEX, manifests }
  }

  #take(request: IncomingMessage, response: ServerResponse, repository: string, reference: string): true {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => {
      const bytes = Buffer.concat(chunks)
      const document = readJson(bytes)
      if (document === undefined) return failure(response, 400, 'MANIFEST_INVALID', 'no JSON')
      const missing = partsOf(document).find(({ digest }) => !this.#has(repository, digest))
      if (missing !== undefined) return failure(response, 404, 'MANIFEST_BLOB_UNKNOWN', missing.digest)
      const type = request.headers['content-type'] ?? ''
      const { digest } = this.put(repository, reference, type, bytes)
      if (reference.includes(':') && digest !== reference)
        return failure(response, 400, 'DIGEST_INVALID', digest)
      return answer(response, 201, '', {
        location: `/v2/${repository}/manifests/${digest}`,
        'docker-content-digest': digest,
        ...(document.subject ? { 'oci-subject': document.subject.digest } : {}),
      })
    })
    return true
  }

  #has(repository: string, digest: string): boolean {
    const blob = this.#store.repository(repository).stored(digest as Digest)
    return blob !== undefined || this.find(repository, digest) !== undefined
  }
}

/** What a manifest needs to be whole. The bytes of a layer with URLs may be elsewhere. */
export function partsOf({ config, layers, manifests }: Document): Entry[] {
  return [config, ...(layers ?? []), ...(manifests ?? [])].filter(
    entry => entry != null && !entry.urls?.length,
  ) as Entry[]
}

/** Hashes without the code under test. @param algorithm sha256 or sha512 */
export function hash(algorithm: string, bytes: Uint8Array): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

function readJson(bytes: Buffer): Document | undefined {
  try {
    return JSON.parse(bytes.toString()) as Document
  } catch {
    return undefined
  }
}

function failure(response: ServerResponse, status: number, code: string, message: string): true {
  return json(response, status, { errors: [{ code, message }] })
}

function json(response: ServerResponse, status: number, document: object, type = 'application/json'): true {
  return answer(response, status, JSON.stringify(document), { 'content-type': type })
}
