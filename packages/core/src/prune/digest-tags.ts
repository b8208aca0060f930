import { MediaType, type Descriptor, type Digest } from '@gpreg/oci'
import { cosignTags, digestTag, fallbackTag } from '@gpreg/oci/engine'

/** The tags of a repository. Undefined is a tag that is listed but has no manifest. */
export type Tags = ReadonlyMap<string, Descriptor | undefined>

/** Tags whose names are digests: those of gpreg and cosign, and the lists of referrers. They go with what they are about. */
const DIGEST_TAG = /^(?:gpreg-[0-9a-f]{64}|sha(?:256|512)-[0-9a-f]{64,}(?:\.(?:sig|att|sbom))?)$/

export function isDigestTag(tag: string): boolean {
  return DIGEST_TAG.test(tag)
}

/** Those of the tags that are about a digest. A tag with such a name that holds something else belongs to somebody else. */
export function tagsAbout(digest: Digest, tags: Tags): string[] {
  const listed = tags.get(fallbackTag(digest))
  const isList = listed?.mediaType === MediaType.ociIndex && listed.digest !== digest
  const isOwn = tags.get(digestTag(digest))?.digest === digest
  return [
    ...(isList ? [fallbackTag(digest)] : []),
    ...(isOwn ? [digestTag(digest)] : []),
    ...cosignTags(digest).filter(tag => tags.has(tag)),
  ]
}
