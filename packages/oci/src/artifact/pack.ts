import { GpregError } from '../errors.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { assertDigest, digestAlgorithm, isDigest } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import { assertManifestSize } from '../model/manifest.ts'
import type { Artifact } from '../store/artifact.ts'
import { contentFrom, type Repository } from '../store/content.ts'
import type { OperationOptions } from '../operation.ts'

/** What a manifest is made of. Blobs must be in the repository already. */
export interface PackOptions extends OperationOptions {
  /** What kind of artifact it is, a media type such as `application/vnd.example.sbom.v1`; required if there is no config. */
  readonly artifactType?: string
  /** default: the empty descriptor, as artifacts without a config have it */
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
  /** `org.opencontainers.image.created` is added; give it, and the same input makes the same bytes. */
  readonly annotations?: Readonly<Record<string, string>>
  /** The manifest that this one is about: a signature's image, an SBOM's image. */
  readonly subject?: Descriptor
}

/** https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor */
export const EMPTY_DESCRIPTOR: Descriptor = {
  mediaType: MediaType.ociEmpty,
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
}

const CREATED = 'org.opencontainers.image.created'

/** https://www.rfc-editor.org/rfc/rfc6838#section-4.2 */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/

/**
 * Writes an OCI 1.1 image manifest, and points the tag of the artifact at it.
 * https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage
 * @returns the descriptor of the manifest
 * @throws `usage` without an artifact type or a config, `blob-unknown` if a blob is not there, `digest-mismatch` if the artifact is
 * named by another digest
 */
export async function pack(artifact: Artifact, options: PackOptions = {}): Promise<Descriptor> {
  const { target, reference } = artifact
  return packInto(target.repository, reference, options)
}

/** @param reference a tag, or the digest that the manifest must have; absent if the manifest is to be found by its subject */
export async function packInto(
  repository: Repository,
  reference: string | undefined,
  options: PackOptions,
): Promise<Descriptor> {
  const { signal } = options
  const { document, usesEmpty } = compose(options)
  if (usesEmpty && !(await repository.exists(EMPTY_DESCRIPTOR, { signal })))
    await repository.push(EMPTY_DESCRIPTOR, contentFrom(Buffer.from('{}')), { signal })
  const bytes = Buffer.from(JSON.stringify(document))
  assertManifestSize(bytes.byteLength)
  const wanted = reference !== undefined && isDigest(reference) ? reference : undefined
  const digest = digestOf(bytes, wanted && digestAlgorithm(wanted))
  if (wanted !== undefined) assertDigest(digest, wanted)
  const descriptor = { mediaType: MediaType.ociManifest, digest, size: bytes.byteLength }
  if (reference === undefined || isDigest(reference))
    await repository.push(descriptor, contentFrom(bytes), { signal })
  else await repository.tag(reference, descriptor, bytes, { signal })
  return {
    ...descriptor,
    ...(options.artifactType === undefined ? {} : { artifactType: options.artifactType }),
    annotations: document.annotations,
  }
}

function compose({ artifactType, config, layers, annotations, subject }: PackOptions) {
  if (artifactType === undefined && (config === undefined || config.mediaType === MediaType.ociEmpty))
    throw new GpregError('usage', 'a manifest without a config needs an artifact type', {
      hint: 'name what it is by a media type, e.g. application/vnd.example.sbom.v1',
    })
  for (const type of [artifactType, config?.mediaType, ...(layers ?? []).map(layer => layer.mediaType)])
    if (type !== undefined && !MEDIA_TYPE.test(type))
      throw new GpregError('usage', `${JSON.stringify(type.slice(0, 300))} is not a media type`, {
        hint: 'a media type reads type/subtype, e.g. application/vnd.example.sbom.v1',
      })
  // The specification asks for one layer at least, if only an empty one.
  const hasLayers = layers !== undefined && layers.length > 0
  return {
    usesEmpty: config === undefined || !hasLayers,
    document: {
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      ...(artifactType === undefined ? {} : { artifactType }),
      config: config ?? EMPTY_DESCRIPTOR,
      layers: hasLayers ? layers : [EMPTY_DESCRIPTOR],
      ...(subject === undefined ? {} : { subject: coreOf(subject) }),
      annotations: { [CREATED]: new Date().toISOString().replace(/\.\d+Z$/, 'Z'), ...annotations },
    },
  }
}

/** A subject is named by what finds it. */
function coreOf({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}
