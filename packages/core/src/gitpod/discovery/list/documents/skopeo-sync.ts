import { isDigest } from '@gpreg/oci'
import type { ListFormat } from './list-format.ts'
import type { ListItem } from '../list-item.ts'
import type { DocumentView } from './document-view.ts'

const IMAGES = 'images'
/** Rules for the tags of a repository, which only the registry can list. */
const RULES = ['images-by-tag-regex', 'images-by-semver'] as const
const KEYS: readonly string[] = [IMAGES, ...RULES, 'credentials', 'tls-verify', 'cert-dir']

/** The file of `skopeo sync --src yaml`: registry, repository, tags. https://github.com/containers/skopeo/blob/main/docs/skopeo-sync.1.md */
export const skopeoSync: ListFormat = {
  matches: root =>
    root.entries.some(({ value }) => [IMAGES, ...RULES].some(key => value.at(key).isMap)) &&
    root.entries.every(({ value }) => value.keys.every(key => KEYS.includes(key))) &&
    // A list of images by other tools is not one by registry.
    !root.keys.includes(IMAGES),
  *read(root) {
    for (const { key: registry, value, line } of root.entries) {
      if (![IMAGES, ...RULES].some(key => value.at(key).isMap))
        yield { remark: `${registry} names no images`, line }
      for (const { key: repository, value: tags, line } of value.at(IMAGES).entries)
        yield* readTags(`${registry}/${repository}`, tags, line)
      for (const rule of RULES)
        for (const { key: repository, line } of value.at(rule).entries)
          yield {
            remark: `${rule} of ${registry}/${repository} is not read, because only the registry knows its tags; list them`,
            line,
          }
    }
  },
}

function* readTags(name: string, tags: DocumentView, line: number): Generator<ListItem> {
  const listed = tags.items.flatMap(({ text, line: at }) => (text === undefined ? [] : [{ text, at }]))
  if (listed.length === 0)
    yield { remark: `${name} means all tags, which only the registry knows; list them`, line }
  for (const { text, at } of listed) yield { name: `${name}${isDigest(text) ? '@' : ':'}${text}`, line: at }
}
