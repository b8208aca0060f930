import type { Context } from '../context.ts'
import { GpregError, isGpregError, unlessAborted } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { assertManifestSize, parseManifest, type ManifestNode } from '../model/manifest.ts'
import type {
  Budget,
  Budgeted,
  Deleter,
  EmptinessProbe,
  Mounter,
  NamedReader,
  ReadAhead,
  ReferrerLister,
  ReferrersCall,
  TagLister,
  UnlessStoredPusher,
  Untagger,
  UnverifiedFetcher,
} from '../store/capabilities.ts'
import type { ByteStream, Call, Content, FetchCall, Repository } from '../store/content.ts'
import { verified } from '../store/verify.ts'
import { download } from './download/download.ts'
import { rangedDownload } from './download/ranged-download.ts'
import { putManifest, readNamedManifest } from './manifests.ts'
import type { Referrers } from './referrers.ts'
import type { RepositoryApi } from './repository-api.ts'
import { listTags } from './tags.ts'
import type { UploadResources } from './upload/upload-resources.ts'
import { startUnlessStored, startUpload, type UploadSession } from './upload/upload-session.ts'
import { mountBlob, uploadBlob } from './upload/upload.ts'

export interface RemoteRepositoryOptions {
  readonly api: RepositoryApi
  /** Shared by all repositories of the registry. */
  readonly referrers: Referrers
  /** Shared by all uploads of the run. */
  readonly uploads: UploadResources
  /** Creates the repository, for a registry that wants it created before the first push. */
  readonly create?: (() => Promise<void>) | undefined
  /** Blobs may be fetched over several connections, ahead of the reader; default true. */
  readonly readAhead?: boolean
}

/** A repository of a registry, by the OCI distribution API. */
export class RemoteRepository
  implements
    Repository,
    EmptinessProbe,
    NamedReader,
    Mounter,
    TagLister,
    ReferrerLister,
    Budgeted,
    Deleter,
    Untagger,
    UnlessStoredPusher,
    UnverifiedFetcher,
    ReadAhead
{
  readonly name: string
  readonly #options: RemoteRepositoryOptions
  readonly #api: RepositoryApi
  readonly #context: Context

  constructor(options: RemoteRepositoryOptions, context: Context) {
    this.name = options.api.name
    this.#options = options
    this.#api = options.api
    this.#context = context
  }

  /** The largest body of an upload that the host, or a proxy before it, is believed to take, in bytes. */
  get bodyLimit(): number {
    return this.#api.client.bodyLimit
  }

  async resolve(tagOrDigest: string, call: Call = {}): Promise<Descriptor> {
    const { client } = this.#api
    const response = await this.#api.request({
      method: 'HEAD',
      url: `manifests/${tagOrDigest}`,
      headers: { accept: ACCEPT_MANIFESTS },
      expect: [200],
      signal: call.signal,
    })
    await response.body.dump()
    const digest =
      response.header('docker-content-digest') ?? (isDigest(tagOrDigest) ? tagOrDigest : undefined)
    const size = Number(response.header('content-length') ?? NaN)
    const told = response.header('content-type')?.split(';')[0]?.trim() ?? ''
    // Errors quote a type that is none of a manifest.
    const mediaType = isManifestType(told) ? told : client.secrets.scrub(told)
    const isKnown =
      digest !== undefined && isDigest(digest) && Number.isSafeInteger(size) && size > 0 && mediaType !== ''
    if (!isKnown || (isDigest(tagOrDigest) && tagOrDigest !== digest))
      return (await this.readNamed(tagOrDigest, call)).descriptor
    assertManifestSize(size, this.#api.subject(tagOrDigest))
    return { mediaType, digest, size }
  }

  readNamed(tagOrDigest: string, call: Call = {}): Promise<ManifestNode> {
    return readNamedManifest(this.#api, tagOrDigest, call)
  }

  fetch(descriptor: Descriptor, call: FetchCall = {}): ByteStream {
    const stream = this.fetchUnverified(descriptor, call)
    const isWhole = (call.offset ?? 0) === 0
    return isWhole ? verified(stream, descriptor, this.#api.subject(descriptor.digest)) : stream
  }

  fetchUnverified(descriptor: Descriptor, { offset = 0, signal }: FetchCall = {}): ByteStream {
    const api = this.#api
    const url = pathOf(descriptor)
    // The digest is that of the bytes as they are stored: no content coding.
    const identity = { 'accept-encoding': 'identity' }
    const accept = isManifestType(descriptor.mediaType) ? { accept: descriptor.mediaType } : {}
    const read = this.#options.readAhead === false ? download : rangedDownload
    return read(this.#context, {
      descriptor,
      budget: api.client.budget,
      offset,
      signal: signal ?? this.#context.signal,
      asked: { method: 'GET', path: `${this.name}/${url}`, ...api.subject(descriptor.digest) },
      open: position => {
        const range = position > 0 ? { range: `bytes=${position}-` } : {}
        const headers = { ...identity, ...accept, ...range }
        return api.request({ method: 'GET', url, headers, expect: position > 0 ? [200, 206] : [200], signal })
      },
      openRange: (first, last, abort) => {
        const headers = { ...identity, range: `bytes=${first}-${last}` }
        return api.attempt({ method: 'GET', url, headers, expect: [200, 206], signal: abort })
      },
    })
  }

  withoutReadAhead(): RemoteRepository {
    return new RemoteRepository({ ...this.#options, readAhead: false }, this.#context)
  }

  budget(): Budget {
    return this.#api.client.budget
  }

  async exists(descriptor: Descriptor, { signal }: Call = {}): Promise<boolean> {
    const response = await this.#api.request({
      method: 'HEAD',
      url: pathOf(descriptor),
      headers: isManifestType(descriptor.mediaType) ? { accept: descriptor.mediaType } : {},
      expect: [200, 404],
      signal,
    })
    await response.body.dump()
    return response.status === 200
  }

  /** Registries answer a request for the tags of an unknown repository with 404, or with an empty list. */
  async isEmpty(call: Call = {}): Promise<boolean> {
    try {
      for await (const _ of this.tags(call)) return false
      return true
    } catch (thrown) {
      // Some logins may push but not list tags. Any other failure is met by the next request, too.
      return isGpregError(unlessAborted(thrown), 'not-found')
    }
  }

  push(descriptor: Descriptor, content: Content, call: Call = {}): Promise<void> {
    if (isManifestType(descriptor.mediaType)) return this.#pushManifest(descriptor, content, call)
    return this.#pushBlob(descriptor, content, call, () => startUpload(this.#api, call))
  }

  pushUnlessStored(descriptor: Descriptor, content: Content, call: Call = {}): Promise<void> {
    if (isManifestType(descriptor.mediaType)) return this.#pushManifest(descriptor, content, call)
    return this.#pushBlob(descriptor, content, call, () => startUnlessStored(this.#api, descriptor, call))
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call: Call = {}): Promise<void> {
    await this.#putManifest(tag, descriptor, bytes, call)
  }

  mount(descriptor: Descriptor, fromRepository: string, call: Call = {}): Promise<boolean> {
    return this.#creating(() => mountBlob(this.#api, descriptor, fromRepository, call))
  }

  /** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-management */
  async delete(descriptor: Descriptor, { signal }: Call = {}): Promise<void> {
    const url = pathOf(descriptor)
    const response = await this.#api.request({ method: 'DELETE', url, expect: [202, 200, 204], signal })
    await response.body.dump()
  }

  /**
   * Removes one tag and leaves the manifest. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-tags
   * @throws `not-found`, `protocol` if the registry removes manifests by digest only
   */
  async untag(tag: string, { signal }: Call = {}): Promise<void> {
    const refusals = [400, 405]
    const expect = [202, 200, 204, ...refusals]
    const response = await this.#api.request({ method: 'DELETE', url: `manifests/${tag}`, expect, signal })
    await response.body.dump()
    if (!refusals.includes(response.status)) return
    const subject = this.#api.subject(tag)
    throw new GpregError('protocol', `${subject.host} removes no single tag (status ${response.status})`, {
      ...subject,
      status: response.status,
      hint: 'remove the manifest by its digest; that takes all tags that point at it',
    })
  }

  tags(call: Call = {}): AsyncIterable<string> {
    return listTags(this.#api, call)
  }

  referrers(subject: Digest, call: ReferrersCall = {}): Promise<readonly Descriptor[]> {
    return this.#options.referrers.list(this.#api, subject, call)
  }

  #pushBlob(
    descriptor: Descriptor,
    content: Content,
    call: Call,
    open: () => Promise<UploadSession | undefined>,
  ): Promise<void> {
    const signal = call.signal ?? this.#context.signal
    const { uploads: resources } = this.#options
    const upload = { api: this.#api, descriptor, content, signal, context: this.#context, resources, open }
    return this.#creating(() => uploadBlob(upload))
  }

  async #pushManifest(descriptor: Descriptor, content: Content, call: Call): Promise<void> {
    const subject = this.#api.subject(descriptor.digest)
    assertManifestSize(descriptor.size, subject)
    const chunks: Uint8Array[] = []
    const stream = content.open({ offset: 0, signal: call.signal })
    for await (const chunk of verified(stream, descriptor, subject)) chunks.push(chunk)
    await this.#putManifest(descriptor.digest, descriptor, Buffer.concat(chunks), call)
  }

  async #putManifest(
    tagOrDigest: string,
    descriptor: Descriptor,
    bytes: Uint8Array,
    call: Call,
  ): Promise<void> {
    const { mediaType } = descriptor
    const response = await this.#creating(() => putManifest(this.#api, tagOrDigest, mediaType, bytes, call))
    const { subject } = parseManifest(bytes, mediaType)
    // A registry that keeps a list of referrers says so in this header; for any other, the client keeps the list.
    if (subject !== undefined && response.header('oci-subject') === undefined)
      await this.#options.referrers.record(this.#api, subject.digest, { descriptor, bytes }, call)
  }

  /** Runs a push. If the registry does not know the repository, it is created and the push is tried again. */
  async #creating<T>(work: () => Promise<T>): Promise<T> {
    const { create } = this.#options
    try {
      return await work()
    } catch (error) {
      if (create === undefined || !isGpregError(error, 'not-found')) throw error
      await create()
      return work()
    }
  }
}

/** The path of content below the repository. */
function pathOf({ digest, mediaType }: Descriptor): string {
  return `${isManifestType(mediaType) ? 'manifests' : 'blobs'}/${digest}`
}
