import type { Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { isReferrerLister } from '../store/capabilities.ts'
import type { Artifact } from '../store/artifact.ts'
import type { ReadableRepository } from '../store/content.ts'
import { GpregError } from '../errors.ts'
import { resolve, type ResolveOptions } from './fetch.ts'
import { packInto, type PackOptions } from './pack.ts'

export type AttachOptions = Omit<PackOptions, 'subject'> & ResolveOptions

/**
 * Writes a manifest that is about an artifact, such as its SBOM or its signature. Blobs must be in the repository already.
 * @returns the descriptor of the manifest, which has no tag: {@link discover} finds it
 */
export async function attach(subject: Artifact, options: AttachOptions = {}): Promise<Descriptor> {
  const { platform: _, ...packing } = options
  const about = await resolve(subject, options)
  return packInto(subject.target.repository, undefined, { ...packing, subject: about })
}

/** A digest names its manifest, so only a tag or a platform is looked up. */
async function digestOfName(
  artifact: Artifact<ReadableRepository>,
  options: DiscoverOptions,
): Promise<Digest> {
  const { reference } = artifact
  if (isDigest(reference) && options.platform === undefined) return reference
  return (await resolve(artifact, options)).digest
}

export interface DiscoverOptions extends ResolveOptions {
  /** Only referrers of this type. */
  readonly artifactType?: string
}

/**
 * The manifests whose subject is this artifact, by the referrers API or, if a registry has none, by the fallback tag.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export async function discover(
  artifact: Artifact<ReadableRepository>,
  options: DiscoverOptions = {},
): Promise<readonly Descriptor[]> {
  const { source, name } = artifact
  const { repository } = source
  if (!isReferrerLister(repository))
    throw new GpregError('usage', `the store of ${name} lists no referrers`, { reference: name })
  const digest = await digestOfName(artifact, options)
  const found = await repository.referrers(digest, { signal: options.signal })
  const { artifactType } = options
  return artifactType === undefined ? found : found.filter(each => each.artifactType === artifactType)
}
