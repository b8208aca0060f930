import type { Digest, MemoryStore } from '@gpreg/oci'
import { hash, partsOf, type Document, type RawManifests } from './raw-manifests.ts'

interface Holder {
  readonly store: MemoryStore
  readonly manifests: RawManifests
}

/** Why a copy is not the image that was asked for, or undefined if it is. It looks into the store, not at answers. */
export function whyNotCopied(
  { store, manifests }: Holder,
  repository: string,
  tag: string,
  digest: string,
): string | undefined {
  const found = manifests.find(repository, tag)
  if (found === undefined) return `there is no ${tag}`
  if (found.digest !== digest) return `${tag} is another image, ${found.digest}`
  return whyIncomplete(digest)

  function whyIncomplete(part: string): string | undefined {
    const manifest = manifests.find(repository, part)
    const bytes = manifest?.bytes ?? store.repository(repository).stored(part as Digest)?.bytes
    if (bytes === undefined) return `there is no ${part}`
    if (hash(part.replace(/:.*/, ''), bytes) !== part) return `${part} has other bytes`
    if (manifest === undefined) return undefined
    return partsOf(JSON.parse(manifest.bytes.toString()) as Document)
      .map(({ digest: below }) => whyIncomplete(below))
      .find(why => why !== undefined)
  }
}
