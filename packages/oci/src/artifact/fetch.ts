import { readManifest, readNamed } from '../store/manifest-reader.ts'
import { manifestFor, notOffered } from '../copy/platform/platform-filter.ts'
import { imagePlatform } from '../copy/platform/image-platform.ts'
import { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isImageNode, type ImageManifest, type ManifestNode } from '../model/manifest.ts'
import { matchesPlatform, parsePlatform } from '../model/platform.ts'
import type { Artifact } from '../store/artifact.ts'
import type { ByteStream, ReadableRepository } from '../store/content.ts'
import { fetchBytes as fetchBytesOf } from '../store/verify.ts'
import type { OperationOptions } from '../operation.ts'

export interface ResolveOptions extends OperationOptions {
  /** `os/architecture[/variant]`: of an index, the manifest of that platform; an image without an index must be of that platform. */
  readonly platform?: string
}

/**
 * The descriptor that a name stands for.
 * @throws `not-found`, `platform-refused` if the image is not offered for the platform
 */
export async function resolve(
  artifact: Artifact<ReadableRepository>,
  options: ResolveOptions = {},
): Promise<Descriptor> {
  if (options.platform !== undefined) return (await fetchManifest(artifact, options)).descriptor
  return artifact.source.repository.resolve(artifact.reference, { signal: options.signal })
}

/**
 * The manifest or index that a name stands for, with its bytes; with a platform it is never an index.
 * @throws `not-found`, `platform-refused`, `manifest-invalid`
 */
export function fetchManifest(
  artifact: Artifact<ReadableRepository>,
  options: ResolveOptions & { readonly platform: string },
): Promise<ManifestNode<ImageManifest>>
export function fetchManifest(
  artifact: Artifact<ReadableRepository>,
  options?: ResolveOptions,
): Promise<ManifestNode>
export async function fetchManifest(
  { source: { repository }, reference, name }: Artifact<ReadableRepository>,
  { platform, signal }: ResolveOptions = {},
): Promise<ManifestNode> {
  const read = await readNamed(repository, reference, { signal })
  const node = 'manifest' in read ? read : await readManifest(repository, read, { signal })
  if (platform === undefined) return node
  const wanted = parsePlatform(platform)
  if (!isImageNode(node)) return manifestFor(repository, node, wanted, name, { signal })
  const own = await imagePlatform(repository, node.manifest, { signal })
  if (own === undefined || matchesPlatform(wanted, own)) return node
  throw notOffered(name, [wanted], [own])
}

export interface FetchOptions extends OperationOptions {
  /**
   * First byte wanted, to go on with a download that was interrupted; default 0. Only a stream from 0 is checked by its digest: with
   * a later start, hash the whole once it is there.
   */
  readonly offset?: number | undefined
}

/**
 * Content of an artifact as a stream. A stream ends in an error rather than in bytes that are not the descriptor's.
 * @throws `usage` for an offset that the content does not have; `not-found`, `digest-mismatch`, `size-mismatch` while it is read
 */
export function fetch(
  artifact: Artifact<ReadableRepository>,
  descriptor: Descriptor,
  { signal, offset = 0 }: FetchOptions = {},
): ByteStream {
  const { digest, size } = descriptor
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size)
    throw new GpregError(
      'usage',
      `${digest} has ${size} bytes, so none of it can be read from ${offset} on`,
      {
        digest,
        hint: 'what is kept of it is something else, or damaged: begin anew with the offset 0',
      },
    )
  return artifact.source.repository.fetch(descriptor, { signal, offset })
}

/**
 * Small content of an artifact, such as a config, read whole.
 * @throws `manifest-too-large` above 4 MiB, and as {@link fetch}
 */
export function fetchBytes(
  artifact: Artifact<ReadableRepository>,
  descriptor: Descriptor,
  { signal }: OperationOptions = {},
): Promise<Uint8Array> {
  return fetchBytesOf(artifact.source.repository, descriptor, { signal })
}
