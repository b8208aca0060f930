import type { Context } from '../context.ts'
import { GpregError, isGpregError, unlessAborted } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, MediaType, type Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import {
  assertManifestSize,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type ManifestNode,
} from '../model/manifest.ts'
import type {
  Budget,
  Budgeted,
  Deleter,
  Mounter,
  NamedReader,
  NoveltyTeller,
  ReferrerLister,
  ReferrersCall,
  TagLister,
  Untagger,
} from '../store/capabilities.ts'
import type { ByteStream, Call, Content, FetchCall, PushCall, Repository } from '../store/content.ts'
import { verified } from '../store/verify.ts'
import type { Scope } from './auth/authority.ts'
import type { DocumentBounds } from './http/body.ts'
import type { RegistryClient } from './http/client.ts'
import type { ApiRequest, ApiResponse } from './http/exchange.ts'
import { download } from './download/download.ts'
import { readNamedManifest } from './named-manifest.ts'
import { rangedDownload, type RangedDownload } from './download/ranged-download.ts'
import { listReferrers, recordReferrer } from './referrers.ts'
import { listTags } from './tags.ts'
import { mountBlob, uploadBlob } from './upload/upload.ts'
import type { UploadJournal } from './upload/upload-journal.ts'
import type { UploadTarget } from './upload/upload-session.ts'

export interface RemoteRepositoryOptions {
  readonly client: RegistryClient
  readonly name: string
  /** `read` asks token servers for pull only. */
  readonly access: 'read' | 'write'
  /** milliseconds */
  readonly stallTimeout: number
  /** Where large uploads are noted, so that they outlive the process. */
  readonly journal?: UploadJournal | undefined
  /** Makes the repository, where the registry wants it made before the first push. */
  readonly create?: (() => Promise<void>) | undefined
}

const MANIFEST_BOUNDS: DocumentBounds = { limit: MAX_MANIFEST_BYTES, code: 'manifest-too-large' }

/** A repository of a registry, by the OCI distribution API. */
export class RemoteRepository
  implements
    Repository,
    NoveltyTeller,
    NamedReader,
    Mounter,
    TagLister,
    ReferrerLister,
    Budgeted,
    Deleter,
    Untagger
{
  readonly name: string
  readonly #upload: UploadTarget
  readonly #context: Context
  readonly #create: (() => Promise<void>) | undefined

  constructor(options: RemoteRepositoryOptions, context: Context) {
    const { client, name, access, stallTimeout, create, journal } = options
    this.name = name
    this.#create = create
    this.#context = context
    const scopes: Scope[] = [{ repository: name, actions: access === 'write' ? 'pull,push' : 'pull' }]
    this.#upload = { client, repository: name, scopes, stallTimeout, journal }
  }

  /** The largest body of an upload that the host, or a proxy before it, is believed to take, in bytes. */
  get bodyLimit(): number {
    return this.#upload.client.bodyLimit
  }

  async resolve(tagOrDigest: string, call: Call = {}): Promise<Descriptor> {
    const response = await this.#request(
      'HEAD',
      `manifests/${tagOrDigest}`,
      [200],
      { accept: ACCEPT_MANIFESTS },
      call,
    )
    await response.body.dump()
    const digest =
      response.header('docker-content-digest') ?? (isDigest(tagOrDigest) ? tagOrDigest : undefined)
    const size = Number(response.header('content-length') ?? NaN)
    const told = response.header('content-type')?.split(';')[0]?.trim() ?? ''
    // A type that is none of a manifest is told in errors.
    const mediaType = isManifestType(told) ? told : this.#upload.client.secrets.scrub(told)
    const known =
      digest !== undefined && isDigest(digest) && Number.isSafeInteger(size) && size > 0 && mediaType !== ''
    if (!known || (isDigest(tagOrDigest) && tagOrDigest !== digest))
      return (await this.readNamed(tagOrDigest, call)).descriptor
    assertManifestSize(size, this.#subject(tagOrDigest))
    return { mediaType, digest, size }
  }

  readNamed(tagOrDigest: string, call: Call = {}): Promise<ManifestNode> {
    const get = (path: string, headers: Record<string, string>) =>
      this.#document(path, [200], headers, call, MANIFEST_BOUNDS)
    // What is wrong with a manifest is told in its own words.
    return this.#upload.client.secrets.guard(() =>
      readNamedManifest(get, tagOrDigest, this.#subject(tagOrDigest)),
    )
  }

  fetch(descriptor: Descriptor, { offset = 0, signal, unchecked, paced }: FetchCall = {}): ByteStream {
    const kind = isManifestType(descriptor.mediaType) ? 'manifests' : 'blobs'
    const path = `${kind}/${descriptor.digest}`
    const { client, scopes } = this.#upload
    const fetching: RangedDownload = {
      descriptor,
      budget: client.budget,
      offset,
      signal: signal ?? this.#context.signal,
      asked: { method: 'GET', path: `${this.name}/${path}`, ...this.#subject(descriptor.digest) },
      open: position => {
        const headers = {
          // Content is hashed as it is kept: no coding on the way.
          'accept-encoding': 'identity',
          ...(kind === 'manifests' ? { accept: descriptor.mediaType } : {}),
          ...(position > 0 ? { range: `bytes=${position}-` } : {}),
        }
        return this.#request('GET', path, position > 0 ? [200, 206] : [200], headers, { signal })
      },
      openRange: (first, last, abort) =>
        client.attempt({
          method: 'GET',
          target: `${this.name}/${path}`,
          scopes,
          expect: [200, 206],
          headers: { 'accept-encoding': 'identity', range: `bytes=${first}-${last}` },
          signal: abort,
        }),
    }
    const stream = paced ? download(this.#context, fetching) : rangedDownload(this.#context, fetching)
    return offset > 0 || unchecked ? stream : verified(stream, descriptor, this.#subject(descriptor.digest))
  }

  budget(): Budget {
    return this.#upload.client.budget
  }

  async exists(descriptor: Descriptor, call: Call = {}): Promise<boolean> {
    const manifest = isManifestType(descriptor.mediaType)
    const path = `${manifest ? 'manifests' : 'blobs'}/${descriptor.digest}`
    const response = await this.#request(
      'HEAD',
      path,
      [200, 404],
      manifest ? { accept: descriptor.mediaType } : {},
      call,
    )
    await response.body.dump()
    return response.status === 200
  }

  /** Registries answer 404 for the tags of a name that they do not know, or that there are none. */
  async isNew(call: Call = {}): Promise<boolean> {
    try {
      for await (const _ of this.tags(call)) return false
      return true
    } catch (thrown) {
      // Not all who may push may list. Whatever else is wrong, the next request meets it, too.
      return isGpregError(unlessAborted(thrown), 'not-found')
    }
  }

  async push(descriptor: Descriptor, content: Content, call: PushCall = {}): Promise<void> {
    if (!isManifestType(descriptor.mediaType))
      return this.#pushing(() => uploadBlob(this.#upload, descriptor, content, call, this.#context))
    assertManifestSize(descriptor.size, this.#subject(descriptor.digest))
    const chunks: Uint8Array[] = []
    for await (const chunk of verified(
      content.open({ offset: 0, signal: call.signal }),
      descriptor,
      this.#subject(descriptor.digest),
    ))
      chunks.push(chunk)
    await this.#putManifest(descriptor.digest, descriptor, Buffer.concat(chunks), call)
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call: Call = {}): Promise<void> {
    await this.#putManifest(tag, descriptor, bytes, call)
  }

  mount(descriptor: Descriptor, fromRepository: string, call: Call = {}): Promise<boolean> {
    return this.#pushing(() => mountBlob(this.#upload, descriptor, fromRepository, call))
  }

  /** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-management */
  async delete({ digest, mediaType }: Descriptor, call: Call = {}): Promise<void> {
    const kind = isManifestType(mediaType) ? 'manifests' : 'blobs'
    const response = await this.#request('DELETE', `${kind}/${digest}`, [202, 200, 204], {}, call)
    await response.body.dump()
  }

  /**
   * Removes one tag and leaves the manifest. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-tags
   * @throws `not-found`, `protocol` if the registry removes manifests by digest only
   */
  async untag(tag: string, call: Call = {}): Promise<void> {
    const refusals = [400, 405]
    const response = await this.#request('DELETE', `manifests/${tag}`, [202, 200, 204, ...refusals], {}, call)
    await response.body.dump()
    if (!refusals.includes(response.status)) return
    const subject = this.#subject(tag)
    throw new GpregError('protocol', `${subject.host} removes no single tag (status ${response.status})`, {
      ...subject,
      status: response.status,
      hint: 'remove the manifest by its digest; that takes all tags that point at it',
    })
  }

  tags(call: Call = {}): AsyncIterable<string> {
    return listTags((path, bounds) => this.#document(path, [200], {}, call, bounds), this.#subject())
  }

  referrers(subject: Digest, call: ReferrersCall = {}): Promise<readonly Descriptor[]> {
    return listReferrers(this.#wire(call), subject, call.tags)
  }

  async #putManifest(
    tagOrDigest: string,
    descriptor: Descriptor,
    bytes: Uint8Array,
    call: Call,
  ): Promise<void> {
    const request: Pick<ApiRequest, 'body'> = { body: bytes }
    const path = `manifests/${tagOrDigest}`
    const headers = { 'content-type': descriptor.mediaType }
    const response = await this.#pushing(() => this.#request('PUT', path, [201, 202], headers, call, request))
    await response.body.dump()
    const { subject } = parseManifest(bytes, descriptor.mediaType)
    // A registry that knows referrers says so; for one that does not, the client keeps the list.
    if (subject !== undefined && response.header('oci-subject') === undefined) {
      await recordReferrer(this.#wire(call), subject.digest, { descriptor, bytes })
    }
  }

  /** What the registry does not know where it is pushed to may only have to be made. */
  async #pushing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (this.#create === undefined || !isGpregError(error, 'not-found')) throw error
      await this.#create()
      return work()
    }
  }

  #wire(call: Call) {
    return {
      get: (path: string) =>
        this.#document(path, [200, 404], { accept: MediaType.ociIndex }, call, MANIFEST_BOUNDS),
      read: async (tag: string) => {
        try {
          return await this.readNamed(tag, call)
        } catch (error) {
          if (isGpregError(error, 'not-found')) return undefined
          throw error
        }
      },
      write: (tag: string, descriptor: Descriptor, bytes: Uint8Array) =>
        this.tag(tag, descriptor, bytes, call),
      client: this.#upload.client,
      name: this.name,
      subject: this.#subject(),
    }
  }

  async #request(
    method: ApiRequest['method'],
    path: string,
    expect: readonly number[],
    headers: Record<string, string>,
    call: Call,
    more: Pick<ApiRequest, 'body'> = {},
  ): Promise<ApiResponse> {
    const { client, scopes } = this.#upload
    const target = `${this.name}/${path}`
    try {
      return await client.request({ method, target, scopes, expect, headers, signal: call.signal, ...more })
    } catch (error) {
      throw isGpregError(error) ? error.about(this.#subject()) : error
    }
  }

  async #document(
    path: string,
    expect: readonly number[],
    headers: Record<string, string>,
    call: Call,
    bounds: DocumentBounds,
  ): Promise<{ response: ApiResponse; bytes: Uint8Array }> {
    const { client, scopes } = this.#upload
    const target = `${this.name}/${path}`
    try {
      const request = { method: 'GET', target, scopes, expect, headers, signal: call.signal } as const
      return await client.document(request, bounds)
    } catch (error) {
      throw isGpregError(error) ? error.about(this.#subject()) : error
    }
  }

  #subject(tagOrDigest?: string) {
    const { client } = this.#upload
    const separator = tagOrDigest === undefined ? '' : isDigest(tagOrDigest) ? '@' : ':'
    return {
      side: client.side,
      host: client.host,
      reference: `${client.host}/${this.name}${separator}${tagOrDigest ?? ''}`,
    }
  }
}
