import type { Context } from '../../context.ts'
import { isGpregError, type GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { pause } from '../../retry.ts'
import type { Call } from '../../store/content.ts'
import type { Scope } from '../auth/authority.ts'
import type { RegistryClient } from '../http/client.ts'
import type { ApiResponse } from '../http/exchange.ts'
import { resolveLocation } from '../http/location.ts'
import type { UploadJournal, UploadKey } from './upload-journal.ts'

/** Registries hash a whole blob before they answer its PUT: this many bytes a second is the slowest we wait for. */
const SLOWEST_HASHING = 20 * 1024 * 1024

/** A server may still be writing what a broken request brought: asked again so often, so many milliseconds apart. */
const BUSY = { tries: 10, wait: 200 }

/** Where uploads of a repository go, and by which rights. */
export interface UploadTarget {
  readonly client: RegistryClient
  readonly repository: string
  readonly scopes: readonly Scope[]
  /** milliseconds */
  readonly stallTimeout: number
  /** Where uploads are noted that should outlive the process; absent where they need not. */
  readonly journal?: UploadJournal | undefined
}

/** An upload that a registry has opened. Its location changes with every answer; only the newest one counts. */
export interface UploadSession {
  readonly location: URL
  /** Chunks smaller than this are refused, but for the last one. */
  readonly minimumChunk: number
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs */
export async function startUpload(target: UploadTarget, call: Call): Promise<UploadSession> {
  const { client, repository, scopes } = target
  const response = await client.request({
    method: 'POST',
    target: `${repository}/blobs/uploads/`,
    scopes,
    expect: [202],
    headers: { 'content-length': '0' },
    signal: call.signal,
  })
  await response.body.dump()
  return sessionOf(target, response)
}

/** The upload that an answer opened. */
export function sessionOf(target: UploadTarget, response: ApiResponse): UploadSession {
  const minimum = Number(response.header('oci-chunk-min-length') ?? 0)
  return { location: locationOf(target, response), minimumChunk: Number.isSafeInteger(minimum) ? minimum : 0 }
}

/**
 * Opens an upload, unless the blob turns out to be there: a mount from the repository itself asks both in one request.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
 */
export async function startUnlessStored(
  target: UploadTarget,
  descriptor: Descriptor,
  call: Call,
): Promise<UploadSession | undefined> {
  const response = await askToMount(target, descriptor, target.repository, call, [201, 202, 400, 404, 405])
  if (response.status === 202) return sessionOf(target, response)
  const isThere = response.status === 201 || (await isStored(target, descriptor, call))
  return isThere ? undefined : startUpload(target, call)
}

/** Asks for a blob of another repository of the registry. @param expect statuses that are no errors */
export async function askToMount(
  { client, repository, scopes }: UploadTarget,
  { digest }: Descriptor,
  from: string,
  call: Call,
  expect: readonly number[],
): Promise<ApiResponse> {
  const response = await client.request({
    method: 'POST',
    target: `${repository}/blobs/uploads/?${new URLSearchParams({ mount: digest, from })}`,
    scopes: from === repository ? scopes : [...scopes, { repository: from, actions: 'pull' }],
    expect,
    headers: { 'content-length': '0' },
    signal: call.signal,
  })
  await response.body.dump()
  return response
}

/** How far an upload got and where it goes on, by the registry's own word; undefined where it is gone. */
export async function findUpload(
  target: UploadTarget,
  session: UploadSession,
  call: Call,
  context: Context,
): Promise<{ readonly session: UploadSession; readonly offset: number } | undefined> {
  const { client, scopes } = target
  for (let attempt = 1; ; attempt++) {
    const response = await client.request({
      method: 'GET',
      target: session.location,
      scopes,
      expect: [200, 204, 400, 404, 405, 409],
      signal: call.signal,
    })
    await response.body.dump()
    if (response.status === 409 && attempt < BUSY.tries) {
      await pause(context, BUSY.wait, call.signal)
      continue
    }
    if (response.status !== 204 && response.status !== 200) return undefined
    const location =
      response.header('location') === undefined ? session.location : locationOf(target, response)
    return { session: { ...session, location }, offset: parseUploadRange(response.header('range')) }
  }
}

/** Ends an upload: the registry hashes what it got. */
export async function finishUpload(
  { client, scopes, stallTimeout }: UploadTarget,
  { location }: UploadSession,
  { digest, size }: Descriptor,
  call: Call,
): Promise<void> {
  const response = await client.request({
    method: 'PUT',
    target: closing(location, digest),
    scopes,
    expect: [201, 204],
    headers: { 'content-length': '0' },
    signal: call.signal,
    answerTimeout: answerTimeout(stallTimeout, size),
  })
  await response.body.dump()
}

/** Whether the blob is there: the answer that would have said so may have been lost. */
export async function isStored(
  { client, repository, scopes }: UploadTarget,
  { digest }: Descriptor,
  call: Call,
): Promise<boolean> {
  const response = await client.request({
    method: 'HEAD',
    target: `${repository}/blobs/${digest}`,
    scopes,
    expect: [200, 404],
    signal: call.signal,
  })
  await response.body.dump()
  return response.status === 200
}

/** Gives an upload up. One that cannot be given up is collected by the registry. */
export async function cancelUpload(
  { client, scopes }: UploadTarget,
  { location }: UploadSession,
): Promise<void> {
  try {
    const response = await client.request({
      method: 'DELETE',
      target: location,
      scopes,
      expect: [200, 202, 204, 404, 405],
    })
    await response.body.dump()
  } catch {
    // It was of no use anyway.
  }
}

/** How the journal knows an upload. */
export function uploadKey({ client, repository }: UploadTarget, { digest }: Descriptor): UploadKey {
  return { host: client.host, repository, digest }
}

/** The error, where it is one of the registry and not of the content that was to be sent. */
export function failureOf({ client }: UploadTarget, thrown: unknown): GpregError | undefined {
  return isGpregError(thrown) && thrown.subject.side === client.side && thrown.subject.host === client.host
    ? thrown
    : undefined
}

/** Where the PUT that ends an upload goes. A location may have a query of its own. */
export function closing(location: URL, digest: Digest): URL {
  const target = new URL(location)
  target.searchParams.set('digest', digest)
  return target
}

/** How long the answer to a request that ends so many bytes may take, in milliseconds. */
export function answerTimeout(stallTimeout: number, size: number): number {
  return stallTimeout + Math.ceil((size / SLOWEST_HASHING) * 1000)
}

/** The `Location` of an answer. */
export function locationOf({ client, repository }: UploadTarget, response: ApiResponse): URL {
  const asked = { method: 'POST', path: `${repository}/blobs/uploads/`, host: client.host, side: client.side }
  try {
    return resolveLocation(response.url, response.header('location'), asked)
  } catch (error) {
    throw isGpregError(error) ? client.secrets.scrubError(error) : error
  }
}

/** The next byte wanted after `Range: 0-99`. `0-0` is what registries say of an empty upload, so it counts as nothing. */
export function parseUploadRange(header: string | undefined): number {
  const end = Number(/^(?:bytes[= ])?0-(\d{1,15})$/.exec(header?.trim() ?? '')?.[1] ?? 0)
  return end === 0 ? 0 : end + 1
}
