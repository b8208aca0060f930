import { GpregError } from '../../errors.ts'
import { isManifestType, type Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { digestOf } from '../../model/hash.ts'
import { childrenOf, isImageNode, type ImageManifest, type ManifestNode } from '../../model/manifest.ts'
import { formatPlatform, matchesPlatform, type Platform } from '../../model/platform.ts'
import type { Call, ReadableRepository } from '../../store/content.ts'
import { cachingReader, type ManifestReader } from '../../store/manifest-reader.ts'
import { utf8Text } from '../../text.ts'
import { imagePlatform } from './image-platform.ts'

/** By the digest of an entry. */
type UnnamedPlatforms = ReadonlyMap<Digest, readonly Platform[]>

/**
 * The platforms of the entries of an index that name none: of a nested index those of its entries, of an image that of its config.
 */
export async function unnamedPlatforms(
  repository: ReadableRepository,
  { manifest }: ManifestNode,
  read: ManifestReader,
  call: Call,
): Promise<UnnamedPlatforms> {
  const found = new Map<Digest, readonly Platform[]>()
  if (manifest.kind !== 'index') return found
  const unnamed = manifest.manifests.filter(
    ({ platform, mediaType, annotations }) =>
      platform === undefined && isManifestType(mediaType) && annotations?.[ATTESTED] === undefined,
  )
  for (const entry of unnamed) {
    const node = await read(repository, entry, call)
    if (node.manifest.kind === 'index') {
      const below = await unnamedPlatforms(repository, node, read, call)
      found.set(entry.digest, platformsOf(node.manifest.manifests, below))
    } else {
      const own = await imagePlatform(repository, node.manifest, call)
      found.set(entry.digest, own === undefined ? [] : [own])
    }
  }
  return found
}

/** BuildKit's attestations name the image that they are about so. */
const ATTESTED = 'vnd.docker.reference.digest'

/**
 * An index with only the wanted platforms: a new document with a new digest, which the caller announces. Images that are
 * about a child (attestations that BuildKit keeps in the index) stay with that child, and a nested index stays whole. A manifest,
 * or an index that holds nothing else anyway, comes back as it is.
 * @param unnamed of {@link unnamedPlatforms}
 * @throws `platform-refused` if no platform would be left
 */
export function filterPlatforms(
  node: ManifestNode,
  platforms: readonly Platform[],
  reference: string,
  unnamed: UnnamedPlatforms = new Map(),
): ManifestNode {
  if (node.manifest.kind !== 'index' || platforms.length === 0) return node
  const document = JSON.parse(utf8Text(node.bytes)) as { manifests: unknown[] }
  const children = node.manifest.manifests
  const wanted = new Set<string>(
    children.filter(child => isFor(child, platforms, unnamed)).map(({ digest }) => digest),
  )
  const keep = children.map(
    child => wanted.has(child.digest) || wanted.has(child.annotations?.[ATTESTED] ?? ''),
  )
  if (wanted.size === 0) throw notOffered(reference, platforms, platformsOf(children, unnamed))
  if (keep.every(Boolean)) return node
  const bytes = Buffer.from(
    JSON.stringify({ ...document, manifests: document.manifests.filter((_, index) => keep[index]) }),
  )
  const manifest = { ...node.manifest, manifests: children.filter((_, index) => keep[index]) }
  return {
    descriptor: { ...node.descriptor, digest: digestOf(bytes), size: bytes.byteLength },
    bytes,
    manifest,
  }
}

/**
 * The manifest of a platform in an index, also if it is in a nested index, or its entry names no platform.
 * @param name of the image, for messages
 * @throws `platform-refused`
 */
export async function manifestFor(
  repository: ReadableRepository,
  index: ManifestNode,
  wanted: Platform,
  name: string,
  call: Call,
): Promise<ManifestNode<ImageManifest>> {
  const read = cachingReader()
  let node = index
  while (!isImageNode(node)) {
    const entries = childrenOf(node.manifest)
    // The others are read only if no entry names the platform.
    const named = entries.find(each => isFor(each, [wanted], new Map()))
    const unnamed = named === undefined ? await unnamedPlatforms(repository, node, read, call) : new Map()
    const entry = named ?? entries.find(each => isFor(each, [wanted], unnamed))
    if (entry === undefined) throw notOffered(name, [wanted], platformsOf(entries, unnamed))
    node = await read(repository, entry, call)
  }
  return node
}

/** Whether an entry of an index is for one of the platforms. */
function isFor(entry: Descriptor, wanted: readonly Platform[], unnamed: UnnamedPlatforms): boolean {
  return platformsOf([entry], unnamed).some(offered => wanted.some(each => matchesPlatform(each, offered)))
}

/** The platforms of the entries of an index. @param unnamed of the entries that name none */
function platformsOf(entries: readonly Descriptor[], unnamed: UnnamedPlatforms): readonly Platform[] {
  return entries.flatMap(({ platform, digest }) => (platform ? [platform] : (unnamed.get(digest) ?? [])))
}

export function notOffered(
  reference: string,
  wanted: readonly Platform[],
  offered: readonly Platform[],
): GpregError {
  // BuildKit gives attestations the platform `unknown/unknown`.
  const names = new Set(offered.map(formatPlatform).filter(name => name !== 'unknown/unknown'))
  return new GpregError(
    'platform-refused',
    `${reference} is not offered for ${wanted.map(formatPlatform).join(', ')}`,
    { reference, hint: `it is offered for ${[...names].join(', ') || 'no named platform'}` },
  )
}

/** @throws `platform-refused` for a reference that is pinned to an index digest: the filtered index could not have it */
export function assertMayFilter(sourceName: string, pinned: boolean): void {
  if (!pinned) return
  throw new GpregError(
    'platform-refused',
    `${sourceName} is pinned by digest, and --platform would change that digest`,
    {
      reference: sourceName,
      hint: 'mirror it with all its platforms (leave --platform out), or name it by tag',
    },
  )
}
