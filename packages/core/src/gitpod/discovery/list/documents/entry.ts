import { invalidInput } from '../../../../input.ts'
import type { Purpose } from '../../../image-set.ts'
import { roleOf } from '../../walk/image-key.ts'
import { joinImage, joinImageMap, partsOf, type JoinedName, type NameParts } from '../../walk/split-name.ts'
import { isWhole, joinedItems, splitPair, type ListItem } from '../list-item.ts'
import type { DocumentView } from './document-view.ts'

/** Keys of an entry that hold a whole name, the best first. */
const WHOLE = ['original', 'source', 'src', 'image', 'imageName', 'ref', 'reference', 'Image'] as const
/** Keys of an entry that hold several names of one image, and those of its names by digest. */
const SEVERAL = ['repoTags', 'RepoTags', 'names', 'Names'] as const
const DIGESTS = ['repoDigests', 'RepoDigests'] as const
/** Keys of an entry that hold a name without its tag. */
const SPLIT = ['repository', 'Repository', 'repo', 'name'] as const
const TAG_LISTS = ['tags', 'Tags'] as const
const TARGETS = ['target', 'destination', 'dest', 'dst', 'mirror'] as const
/** Container runtimes print this for an absent name, tag or digest. */
const NONE = '<none>'
const PURPOSES: readonly Purpose[] = ['components', 'workspace-base']

/** A remark for each key that may hold images which are not read: collections, and scalars at keys that name images. */
export function* unreadKeys(view: DocumentView, known: readonly string[], where = ''): Generator<ListItem> {
  for (const { key, value, line } of view.entries)
    if (!known.includes(key) && (value.isList || value.isMap || (value.text && roleOf(key) === 'image')))
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
  const several = SEVERAL.filter(key => entry.keys.includes(key) && entry.at(key).text === undefined)
  if (
    several.some(key => entry.at(key).isList) ||
    (several.length > 0 && namesOf(entry, nameIsImage).length === 0)
  ) {
    yield* readNames(entry, several)
    return
  }
  const target = textOf(entry, TARGETS)?.text
  const purpose = PURPOSES.find(known => known === entry.at('purpose').text)
  const rest = {
    ...(target === undefined ? {} : { target }),
    ...(purpose === undefined ? {} : { purpose }),
  }
  const names = namesOf(entry, nameIsImage)
  for (const { joined, line } of names) yield* joinedItems(joined, line, rest)
  if (names.length > 0) return
  if (!entry.keys.some(key => isNameKey(key)))
    throw invalidInput(
      path,
      entry.line,
      `no key of this entry names an image: ${entry.keys.join(', ')}`,
      HINT,
    )
  yield { remark: 'this entry names no image', line: entry.line }
}

/** Images of a container runtime: their tags, or their digests if they have no tag. */
function* readNames(entry: DocumentView, keys: readonly string[]): Generator<ListItem> {
  const tags = keys.flatMap(key => entry.at(key).items).filter(({ text }) => !text?.includes(NONE))
  const names = tags.length > 0 ? tags : DIGESTS.flatMap(key => entry.at(key).items)
  for (const { text, line } of names) if (text !== undefined) yield { name: text, line }
  if (names.length === 0) yield { remark: 'this image has no name', line: entry.line }
}

/** True for an entry with a key for the whole name. */
export function namesWhole(entry: DocumentView): boolean {
  return textOf(entry, WHOLE) !== undefined
}

interface EntryName {
  readonly joined: JoinedName
  readonly line: number
}

/** The names of an entry: one, or one for each tag in its list of tags. None if the entry is no image. */
function namesOf(entry: DocumentView, nameIsImage: boolean): EntryName[] {
  const texts = [...entry.texts].filter(([, text]) => text !== NONE)
  const tags = TAG_LISTS.flatMap(key => entry.at(key).items).flatMap(({ text }) => text ?? [])
  const variants = tags.length === 0 ? [texts] : tags.map(tag => [...texts, ['tag', tag] as const])
  return variants.flatMap(variant => nameOf(entry, partsOf(variant), nameIsImage) ?? [])
}

/** A name as the keys of its entry put it together; undefined if the entry is no image. */
function nameOf(entry: DocumentView, parts: NameParts, nameIsImage: boolean): EntryName | undefined {
  const whole = textOf(entry, WHOLE)
  const split = whole ?? textOf(entry, SPLIT)
  // Docker prints `<none>` for an image without a tag, which cannot be pulled.
  const isUntagged = entry.at('Tag').text === NONE && !parts.has('digest')
  if (split === undefined || (isUntagged && !isWhole(split.text))) return undefined
  const { key, text, line } = split
  if (whole !== undefined) return { joined: joinImage(key, text, parts, {}), line }
  const joined = joinImageMap(parts, {}) ?? { text }
  if (joined.text === undefined)
    return { joined: { text: joinImageMap(parts, {}, 'latest')?.text ?? text }, line }
  // A name alone may be the name of anything, e.g. of a project.
  const isImage = nameIsImage || key !== 'name' || joined.text !== text || isWhole(text)
  return isImage ? { joined, line } : undefined
}

function textOf(
  entry: DocumentView,
  keys: readonly string[],
): { key: string; text: string; line: number } | undefined {
  for (const key of keys) {
    const { text, line } = entry.at(key)
    if (text !== undefined && text !== NONE) return { key, text, line }
  }
  return undefined
}

function isNameKey(key: string): boolean {
  return [...WHOLE, ...SPLIT.filter(name => name !== 'name'), ...TARGETS].some(known => known === key)
}
