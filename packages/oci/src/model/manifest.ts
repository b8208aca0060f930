import { z } from 'zod'
import { GpregError, type ErrorSubject } from '../errors.ts'
import { utf8Text } from '../text.ts'
import { MediaType, isIndexType, isManifestType, sharedMediaType, type Descriptor } from './descriptor.ts'
import { isDigest, type Digest } from './digest.ts'
import type { Platform } from './platform.ts'

/** Registries refuse manifests above 4 MiB; so do we. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

/** Most entries of a manifest; more than any image has, few enough for memory. */
const MAX_ENTRIES = 20_000

const annotations = z.record(z.string(), z.string())
const digest = z.string().refine((text): text is Digest => isDigest(text), 'not a sha256 or sha512 digest')
/** Windows images and old tools leave parts out; {@link clean} drops a platform that names no operating system or architecture. */
const platform = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  'os.version': z.string().optional(),
  'os.features': z.array(z.string()).optional(),
})

const descriptor = z.object({
  mediaType: z.string().max(255).optional(),
  digest,
  size: z.number().int().min(0),
  platform: platform.optional(),
  annotations: annotations.optional(),
  artifactType: z.string().optional(),
  urls: z.array(z.string()).max(64).optional(),
})

const imageManifest = z.object({
  schemaVersion: z.literal(2).optional(),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(MAX_ENTRIES).default([]),
  subject: descriptor.optional(),
  annotations: annotations.optional(),
})

const imageIndex = z.object({
  schemaVersion: z.literal(2).optional(),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  manifests: z.array(descriptor).max(MAX_ENTRIES).default([]),
  subject: descriptor.optional(),
  annotations: annotations.optional(),
})

/** What a manifest and an index have both. */
export interface ManifestFields {
  readonly mediaType: string
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
  /** The manifest that this one is about, such as the image of a signature or an SBOM. */
  readonly subject?: Descriptor
}

export interface ImageManifest extends ManifestFields {
  readonly kind: 'manifest'
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

export interface ImageIndex extends ManifestFields {
  readonly kind: 'index'
  readonly manifests: readonly Descriptor[]
}

export type Manifest = ImageManifest | ImageIndex

/** A manifest or index with its original bytes, which are never serialised again. */
export interface ManifestNode<M extends Manifest = Manifest> {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly manifest: M
}

/** Whether a manifest is no index. */
export function isImageNode(node: ManifestNode): node is ManifestNode<ImageManifest> {
  return node.manifest.kind === 'manifest'
}

/** The descriptor of a root that may have been read already. */
export function descriptorOf(root: Descriptor | ManifestNode): Descriptor {
  return 'manifest' in root ? root.descriptor : root
}

/**
 * Reads a manifest or an index, OCI or Docker schema 2, as Go's JSON decoder does: `null` counts as absent. The result is a view;
 * the bytes are not changed.
 * @param mediaType what the descriptor or the `Content-Type` says; it counts only if the document itself says nothing
 * @throws `manifest-too-large`, `manifest-unsupported` (schema 1), `manifest-invalid`
 */
export function parseManifest(
  bytes: Uint8Array,
  mediaType: string | undefined,
  subject: ErrorSubject = {},
): Manifest {
  assertManifestSize(bytes.byteLength, subject)
  const json = readJson(bytes, subject)
  const declared = mediaTypeOf(json)
  if (isSchema1(json, declared ?? mediaType)) {
    throw new GpregError(
      'manifest-unsupported',
      'this is a Docker schema 1 manifest, which registries no longer accept',
      {
        ...subject,
        hint: 'push the image again with a current docker or skopeo (skopeo copy --format v2s2), then mirror it',
      },
    )
  }
  const type = settleMediaType(json, declared, mediaType, subject)
  const parsed = isIndexType(type) ? imageIndex.safeParse(json) : imageManifest.safeParse(json)
  if (!parsed.success) throw invalid(`does not follow ${type}: ${issues(parsed.error)}`, subject)
  return view(parsed.data, type)
}

/** Every descriptor that a manifest needs to be whole, in the order of the document. The subject is not one of them. */
export function childrenOf(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers]
}

/** A manifest with a subject as lists of referrers give it. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers */
export function describeReferrer({ digest, size }: Descriptor, manifest: Manifest): Descriptor {
  const artifactType =
    manifest.artifactType ?? (manifest.kind === 'manifest' ? manifest.config.mediaType : undefined)
  return {
    mediaType: manifest.mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  }
}

/** @param what is read whole, for the message @throws `manifest-too-large` */
export function assertManifestSize(size: number, subject: ErrorSubject = {}, what = 'manifest'): void {
  if (size <= MAX_MANIFEST_BYTES) return
  throw new GpregError(
    'manifest-too-large',
    `a ${what} of ${size} bytes is over the limit of ${MAX_MANIFEST_BYTES}`,
    subject,
  )
}

function view(
  data: z.output<typeof imageIndex> | z.output<typeof imageManifest>,
  mediaType: string,
): Manifest {
  const common = {
    mediaType,
    ...(data.artifactType === undefined ? {} : { artifactType: data.artifactType }),
    ...(data.annotations === undefined ? {} : { annotations: data.annotations }),
    ...(data.subject === undefined ? {} : { subject: clean(data.subject, MediaType.ociManifest) }),
  }
  return 'manifests' in data
    ? {
        kind: 'index',
        ...common,
        manifests: data.manifests.map(entry => clean(entry, MediaType.ociManifest)),
      }
    : {
        kind: 'manifest',
        ...common,
        config: clean(data.config, MediaType.octetStream),
        layers: data.layers.map(layer => clean(layer, MediaType.octetStream)),
      }
}

/**
 * Optional fields are absent, never `undefined`, so that descriptors compare and print well.
 * @param usual the media type of a descriptor that names none
 */
function clean(value: z.output<typeof descriptor>, usual: string): Descriptor {
  const { mediaType, digest, size, annotations, artifactType, urls, platform } = value
  return {
    mediaType: mediaType ? sharedMediaType(mediaType) : usual,
    digest,
    size,
    ...(annotations && { annotations }),
    ...(artifactType !== undefined && { artifactType }),
    ...(urls && { urls }),
    ...cleanPlatform(platform),
  }
}

function cleanPlatform(value: z.output<typeof platform> = {}): { readonly platform?: Platform } {
  const { os, architecture, variant, 'os.version': version, 'os.features': features } = value
  if (!os || !architecture) return {}
  return {
    platform: {
      os,
      architecture,
      ...(variant && { variant }),
      ...(version && { 'os.version': version }),
      ...(features && { 'os.features': features }),
    },
  }
}

function readJson(bytes: Uint8Array, subject: ErrorSubject): object {
  let json: unknown
  try {
    const text = utf8Text(bytes)
    json = JSON.parse(text)
    if (text.includes('null')) json = withoutNulls(json)
  } catch (cause) {
    throw invalid('is not JSON', subject, cause)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid('is not a JSON object', subject)
  return json
}

/** The same document without its null values. Go programs write `null` for an empty list or map, and read it as absent. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(item => item !== null).map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === null ? [] : [[key, withoutNulls(field)]])),
  )
}

function mediaTypeOf(json: object): string | undefined {
  const value = (json as { mediaType?: unknown }).mediaType
  return typeof value === 'string' && value !== '' ? sharedMediaType(value) : undefined
}

function isSchema1(json: object, mediaType: string | undefined): boolean {
  return (
    (json as { schemaVersion?: unknown }).schemaVersion === 1 ||
    mediaType === MediaType.dockerSchema1 ||
    mediaType === MediaType.dockerSchema1Signed
  )
}

/**
 * The media type of a manifest: its own field, else the given type if it fits the shape, else OCI's type for the shape.
 * A document that is a manifest and an index at once, or whose type contradicts its shape, is refused, because two programs could
 * read different images from the same bytes (CVE-2021-41190).
 */
function settleMediaType(
  json: object,
  declared: string | undefined,
  given: string | undefined,
  subject: ErrorSubject,
): string {
  const outer = given?.replace(/;.*/s, '').trim()
  const looksLikeIndex = 'manifests' in json
  const looksLikeManifest = 'config' in json || 'layers' in json
  if (looksLikeIndex && looksLikeManifest)
    throw invalid('has the fields of an image and of an index, so programs may disagree about it', subject)
  if (declared !== undefined && isManifestType(declared)) {
    if (isIndexType(declared) ? looksLikeManifest : looksLikeIndex)
      throw invalid(
        `says it is ${declared} but has the fields of ${looksLikeIndex ? 'an index' : 'an image'}`,
        subject,
      )
    return declared
  }
  const shape = looksLikeIndex ? MediaType.ociIndex : looksLikeManifest ? MediaType.ociManifest : undefined
  const known = outer !== undefined && isManifestType(outer) ? outer : undefined
  const fits = known !== undefined && (shape === undefined || isIndexType(known) === looksLikeIndex)
  const type = declared ?? (fits ? known : shape)
  if (type !== undefined && isManifestType(type)) return type
  throw new GpregError(
    'manifest-unsupported',
    `${type ?? outer ?? 'this document'} is not an image manifest or index`,
    {
      ...subject,
      hint: 'gpreg copies OCI and Docker schema 2 images, indexes and artifacts',
    },
  )
}

function invalid(what: string, subject: ErrorSubject, cause?: unknown): GpregError {
  return new GpregError('manifest-invalid', `the manifest ${what}`, { ...subject, cause })
}

function issues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(issue => `${issue.path.join('.') || 'document'}: ${issue.message}`)
    .join('; ')
}
