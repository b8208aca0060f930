import { stringify } from 'yaml'
import type { Reference } from '@gpreg/oci'
import { tagOrDigest } from '@gpreg/oci/engine'

/** All text is quoted, so that no reader takes the tag `1.10` for a number or `on` for a boolean. */
const QUOTED = { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 } as const

/** The manifest for `hauler store sync`. It holds names with a tag and a digest as they are. */
export function formatHaulerManifest(names: readonly string[]): string {
  const manifest = {
    apiVersion: 'content.hauler.cattle.io/v1',
    kind: 'Images',
    metadata: { name: 'gpreg' },
    spec: { images: names.map(name => ({ name })) },
  }
  return stringify(manifest, QUOTED)
}

/**
 * The file for `skopeo sync --src yaml`: registry, repository, tags. skopeo takes a digest in the place of a tag, but not both.
 * @returns the text, and the images whose tags it leaves out because they have a digest
 */
export function formatSkopeoSync(sources: readonly Reference[]): {
  readonly text: string
  readonly untagged: readonly Reference[]
} {
  const registries = Map.groupBy(sources, ({ host }) => host)
  const documents = [...registries].map(([host, images]) => {
    const repositories = Map.groupBy(images, ({ repository }) => repository)
    const tags = [...repositories].map(([name, versions]) => [name, [...new Set(versions.map(tagOrDigest))]])
    return [host, { images: Object.fromEntries(tags) }] as const
  })
  return {
    text: stringify(Object.fromEntries(documents), QUOTED),
    untagged: sources.filter(({ tag, digest }) => tag !== undefined && digest !== undefined),
  }
}
