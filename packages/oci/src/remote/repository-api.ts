import { isGpregError, type ErrorSubject } from '../errors.ts'
import { isManifestType, type Descriptor } from '../model/descriptor.ts'
import { isDigest } from '../model/digest.ts'
import type { Scope } from './auth/scope.ts'
import type { DocumentBounds } from './http/body.ts'
import type { Document, RegistryClient } from './http/client.ts'
import type { ApiRequest, ApiResponse } from './http/request.ts'

/** A request to one repository. */
export interface RepositoryRequest extends Omit<ApiRequest, 'scopes'> {
  /** A path below the repository, such as `blobs/sha256:…`, or an absolute URL that the registry gave. */
  readonly url: string | URL
  /** Default: the rights of the repository. */
  readonly scopes?: readonly Scope[]
}

/** Side, host and name of the repository that an error is about. */
export type RepositorySubject = Required<Pick<ErrorSubject, 'side' | 'host' | 'reference'>>

/** Sends the requests of one repository, below its name and with its rights. */
export class RepositoryApi {
  readonly client: RegistryClient
  /** path of the repository, e.g. `library/redis` */
  readonly name: string
  readonly #access: 'read' | 'write'

  /** @param access `read` asks token servers for pull only */
  constructor(client: RegistryClient, name: string, access: 'read' | 'write') {
    this.client = client
    this.name = name
    this.#access = access
  }

  /** The rights of the repository. Not kept, because there may be tens of thousands of repositories. */
  get scopes(): readonly Scope[] {
    return [{ repository: this.name, actions: this.#access === 'write' ? 'pull,push' : 'pull' }]
  }

  /** The subject of errors: the repository, or a manifest or blob in it. */
  subject(tagOrDigest?: string): RepositorySubject {
    const { side, host } = this.client
    const separator = tagOrDigest === undefined ? '' : isDigest(tagOrDigest) ? '@' : ':'
    return { side, host, reference: `${host}/${this.name}${separator}${tagOrDigest ?? ''}` }
  }

  /** Sends a request. Its errors name the repository. */
  request(request: RepositoryRequest): Promise<ApiResponse> {
    return this.send(request).catch(error => this.#throwNamed(error))
  }

  /** Sends a request of an upload. Its errors name no repository, because the caller knows the image that they are about. */
  send(request: RepositoryRequest): Promise<ApiResponse> {
    return this.client.request(this.#complete(request))
  }

  /** Sends a request once, without retries. */
  attempt(request: RepositoryRequest): Promise<ApiResponse> {
    return this.client.attempt(this.#complete(request))
  }

  /** Sends a GET and reads the body of its response whole. Its errors name the repository. */
  document(request: Omit<RepositoryRequest, 'method'>, bounds: DocumentBounds): Promise<Document> {
    const whole = this.#complete({ ...request, method: 'GET' })
    return this.client.document(whole, bounds).catch(error => this.#throwNamed(error))
  }

  #complete({ url, scopes = this.scopes, ...request }: RepositoryRequest): ApiRequest {
    return { ...request, scopes, url: url instanceof URL ? url : `${this.name}/${url}` }
  }

  #throwNamed(error: unknown): never {
    throw isGpregError(error) ? error.about(this.subject()) : error
  }
}

export type ContentKind = 'manifests' | 'blobs'

/** How registries call content of a media type. */
export function contentKind({ mediaType }: Descriptor): ContentKind {
  return isManifestType(mediaType) ? 'manifests' : 'blobs'
}

/** The path of content below its repository. */
export function contentPath(descriptor: Descriptor): string {
  return `${contentKind(descriptor)}/${descriptor.digest}`
}
