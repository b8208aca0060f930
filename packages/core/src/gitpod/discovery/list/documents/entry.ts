import { isDigest } from '@gpreg/oci'
import { invalidInput } from '../../../../input.ts'
import type { Purpose } from '../../../image-set.ts'
import { splitPair, type ListedImage, type ListItem } from '../list-item.ts'
import type { DocumentView } from './document-view.ts'

/** Keys of an entry that hold a whole name, the best first. */
const WHOLE = ['original', 'source', 'src', 'image', 'imageName', 'ref', 'reference', 'Image'] as const
/** Keys of an entry that hold several names of one image, and those of its names by digest. */
const SEVERAL = ['repoTags', 'RepoTags', 'names', 'Names'] as const
const DIGESTS = ['repoDigests', 'RepoDigests'] as const
/** Keys of an entry that hold a name without its tag. */
const SPLIT = ['repository', 'Repository', 'repo', 'name'] as const
const TARGETS = ['target', 'destination', 'dest', 'dst', 'mirror'] as const
/** Container runtimes print this for an absent name, tag or digest. */
const NONE = '<none>'
const PURPOSES: readonly Purpose[] = ['components', 'workspace-base']

/** A remark for each key that may hold images which are not read. Scalars hold none. */
export function* unreadKeys(view: DocumentView, known: readonly string[], where = ''): Generator<ListItem> {
  for (const { key, value, line } of view.entries)
    if (!known.includes(key) && (value.isList || value.isMap))
      yield { remark: `${where}${key} is not read`, line }
}

/**
 * Reads the entries of a list, or the values of a map.
 * @param nameIsImage true if a bare `name` of an entry is the image, as in hauler's and oc-mirror's lists
 * @throws `input-invalid` for an entry that is no image
 */
export function* readEntries(list: DocumentView, path: string, nameIsImage = false): Generator<ListItem> {
  const entries = list.isList ? list.items : list.entries.map(({ value }) => value)
  for (const entry of entries) yield* readEntry(entry, path, nameIsImage)
}

/** Reads one entry. @throws as {@link readEntries} */
export function* readEntry(entry: DocumentView, path: string, nameIsImage = false): Generator<ListItem> {
  const { line, text } = entry
  if (text !== undefined) yield { ...splitPair(text), line }
  else if (entry.isMap) yield* readObject(entry, path, nameIsImage)
  else if (entry.isList) throw invalidInput(path, line, 'a list in the list of images', HINT)
  else yield { remark: 'this entry names no image', line }
}

const HINT = 'an entry is a reference, or an object with image, or with original and target'

function* readObject(entry: DocumentView, path: string, nameIsImage: boolean): Generator<ListItem> {
  const several = SEVERAL.filter(key => entry.at(key).isList)
  if (several.length > 0) {
    yield* readNames(entry, several)
    return
  }
  const name = wholeName(entry) ?? splitName(entry, nameIsImage)
  if (name === undefined) {
    if (!entry.keys.some(key => isNameKey(key)))
      throw invalidInput(
        path,
        entry.line,
        `no key of this entry names an image: ${entry.keys.join(', ')}`,
        HINT,
      )
    yield { remark: 'this entry names no image', line: entry.line }
    return
  }
  const target = textOf(entry, TARGETS)?.text
  const purpose = PURPOSES.find(known => known === entry.at('purpose').text)
  yield {
    ...name,
    ...(target === undefined ? {} : { target }),
    ...(purpose === undefined ? {} : { purpose }),
  }
}

/** Images of a container runtime: their tags, or their digests if they have no tag. */
function* readNames(entry: DocumentView, keys: readonly string[]): Generator<ListItem> {
  const tags = keys.flatMap(key => entry.at(key).items)
  const names = tags.length > 0 ? tags : DIGESTS.flatMap(key => entry.at(key).items)
  for (const { text, line } of names) if (text !== undefined) yield { name: text, line }
  if (names.length === 0) yield { remark: 'this image has no name', line: entry.line }
}

/** The image of an entry with a key for the whole name. */
export function wholeName(entry: DocumentView): ListedImage | undefined {
  const view = textOf(entry, WHOLE)
  const name = view === undefined ? undefined : withVersion(view.text, entry)
  return view === undefined || name === undefined ? undefined : { name, line: view.line }
}

function splitName(entry: DocumentView, nameIsImage: boolean): ListedImage | undefined {
  const view = textOf(entry, SPLIT)
  if (view === undefined) return undefined
  const registry = entry.at('registry').text
  const name = withVersion(`${registry === undefined ? '' : `${registry}/`}${view.text}`, entry)
  if (name === undefined) return undefined
  // A name alone may be the name of anything, e.g. of a project.
  const isImage = nameIsImage || name !== view.text || isWhole(name) || entry.at('name').text !== view.text
  return isImage ? { name, line: view.line } : undefined
}

/** Joins a name with its tag and digest. Undefined if it has neither, but says so: then it is no image that can be pulled. */
function withVersion(name: string, entry: DocumentView): string | undefined {
  if (isWhole(name)) return name
  const [tag, digest] = [textOf(entry, ['tag', 'Tag']), textOf(entry, ['digest', 'Digest'])]
  if (entry.at('Tag').text === NONE && digest === undefined) return undefined
  // Some lists put a digest where the tag is meant.
  const pin = [tag, digest].find(view => view !== undefined && isDigest(view.text))
  const label = tag === undefined || isDigest(tag.text) ? '' : `:${tag.text}`
  return `${name}${label}${pin === undefined ? '' : `@${pin.text}`}`
}

/** True if a name has a tag or digest. */
export function isWhole(name: string): boolean {
  return /[:@][^/]*$/.test(name)
}

function textOf(entry: DocumentView, keys: readonly string[]): { text: string; line: number } | undefined {
  for (const key of keys) {
    const { text, line } = entry.at(key)
    if (text !== undefined && text !== NONE) return { text, line }
  }
  return undefined
}

function isNameKey(key: string): boolean {
  return [...WHOLE, ...SPLIT.filter(name => name !== 'name'), ...TARGETS].some(known => known === key)
}
