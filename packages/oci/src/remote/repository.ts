import type { Context } from '../context.ts'
import { isGpregError, unlessAborted } from '../errors.ts'
import { isManifestType, type Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
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
import { deleteContent, deleteTag } from './deletion.ts'
import { creating, type CreateRepository } from './creation.ts'
import { contentExists } from './existence.ts'
import { downloadContent } from './download/content-download.ts'
import { putManifest, readNamedManifest, resolveManifest } from './manifests.ts'
import type { Referrers } from './referrers.ts'
import type { RepositoryApi } from './repository-api.ts'
import { listTags } from './lists.ts'
import type { UploadResources } from './upload/upload-resources.ts'
import type { Mounts } from './upload/mounts.ts'
import { startUpload, type UploadSession } from './upload/upload-session.ts'
import { uploadBlob } from './upload/upload.ts'

/** What all repositories of one registry share. It is one object, because a set may have tens of thousands of repositories. */
export interface RegistryParts {
  readonly referrers: Referrers
  readonly mounts: Mounts
  /** Shared by all uploads of the run. */
  readonly uploads: UploadResources
  /** Creates a repository by its name, for a registry that wants it created before the first push. */
  readonly create?: ((name: string) => Promise<void>) | undefined
  readonly context: Context
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
  readonly #api: RepositoryApi
  readonly #parts: RegistryParts
  readonly #readsAhead: boolean

  /** @param readsAhead whether blobs may be fetched over several connections, ahead of the reader */
  constructor(api: RepositoryApi, parts: RegistryParts, readsAhead = true) {
    this.#api = api
    this.#parts = parts
    this.#readsAhead = readsAhead
  }

  get name(): string {
    return this.#api.name
  }

  /** The largest body of an upload that the host, or a proxy before it, is believed to take, in bytes. */
  get bodyLimit(): number {
    return this.#api.client.bodyLimit
  }

  resolve(tagOrDigest: string, call: Call = {}): Promise<Descriptor> {
    return resolveManifest(this.#api, tagOrDigest, call)
  }

  readNamed(tagOrDigest: string, call: Call = {}): Promise<ManifestNode> {
    return readNamedManifest(this.#api, tagOrDigest, call)
  }

  fetch(descriptor: Descriptor, call: FetchCall = {}): ByteStream {
    const stream = this.fetchUnverified(descriptor, call)
    const isWhole = (call.offset ?? 0) === 0
    return isWhole ? verified(stream, descriptor, this.#api.subject(descriptor.digest)) : stream
  }

  fetchUnverified(descriptor: Descriptor, call: FetchCall = {}): ByteStream {
    return downloadContent(this.#api, descriptor, call, this.#parts.context, this.#readsAhead)
  }

  withoutReadAhead(): RemoteRepository {
    return new RemoteRepository(this.#api, this.#parts, false)
  }

  budget(): Budget {
    return this.#api.client.budget
  }

  exists(descriptor: Descriptor, call: Call = {}): Promise<boolean> {
    return contentExists(this.#api, descriptor, call)
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

  async pushUnlessStored(descriptor: Descriptor, content: Content, call: Call = {}): Promise<void> {
    if (isManifestType(descriptor.mediaType)) return this.#pushManifest(descriptor, content, call)
    const { mounts } = this.#parts
    await this.#pushBlob(descriptor, content, call, () =>
      mounts.startUnlessStored(this.#api, descriptor, call, this.#create),
    )
    await mounts.learnFrom(this.#api, descriptor, call)
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call: Call = {}): Promise<void> {
    await this.#putManifest(tag, descriptor, bytes, call)
  }

  mount(descriptor: Descriptor, fromRepository: string, call: Call = {}): Promise<boolean> {
    return this.#parts.mounts.mount(this.#api, descriptor, fromRepository, call, this.#create)
  }

  /** Also takes a deleted referrer out of the list of its subject, if the client keeps that list. */
  async delete(descriptor: Descriptor, call: Call = {}): Promise<void> {
    const subject = await this.#subjectOf(descriptor, call)
    await deleteContent(this.#api, descriptor, call)
    if (subject !== undefined)
      await this.#parts.referrers.forget(this.#api, subject.digest, descriptor.digest, call)
  }

  untag(tag: string, call: Call = {}): Promise<void> {
    return deleteTag(this.#api, tag, call)
  }

  tags(call: Call = {}): AsyncIterable<string> {
    return listTags(this.#api, call)
  }

  referrers(subject: Digest, call: ReferrersCall = {}): Promise<readonly Descriptor[]> {
    return this.#parts.referrers.list(this.#api, subject, call)
  }

  get #create(): CreateRepository | undefined {
    const { create } = this.#parts
    return create && (() => create(this.name))
  }

  async #subjectOf({ mediaType, digest }: Descriptor, call: Call): Promise<Descriptor | undefined> {
    if (!isManifestType(mediaType)) return undefined
    return (await this.readNamed(digest, call)).manifest.subject
  }

  #pushBlob(
    descriptor: Descriptor,
    content: Content,
    call: Call,
    open: () => Promise<UploadSession | undefined>,
  ): Promise<void> {
    const { context, uploads: resources } = this.#parts
    const signal = this.#api.client.signalOf(call)
    const upload = { api: this.#api, descriptor, content, signal, context, resources, open }
    return creating(() => uploadBlob(upload), this.#create)
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
    const response = await creating(
      () => putManifest(this.#api, tagOrDigest, mediaType, bytes, call),
      this.#create,
    )
    const { subject } = parseManifest(bytes, mediaType)
    // A registry that keeps a list of referrers says so in this header; for any other, the client keeps the list.
    if (subject !== undefined && response.header('oci-subject') === undefined)
      await this.#parts.referrers.record(this.#api, subject.digest, { descriptor, bytes }, call)
  }
}
