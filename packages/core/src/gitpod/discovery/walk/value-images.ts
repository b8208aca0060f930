import { formatReference, type Reference } from '@gpreg/oci'
import { withoutByteOrderMarks } from '../byte-order-marks.ts'
import { outputAt } from './build-output.ts'
import { CONTAINER, embeddedDocuments } from './embedded.ts'
import { roleOf, type KeyRole } from './image-key.ts'
import { isTagged, readImageName } from './image-name.ts'
import { imagesInText } from './image-text.ts'
import {
  isPartOfName,
  joinImage,
  joinImageMap,
  joinRepositories,
  partsOf,
  type InheritedParts,
  type JoinedName,
  type NameParts,
} from './split-name.ts'
import { argumentAt, entriesOf, isScalar, namedValues, withoutPair, type Entry } from './value-entries.ts'
import { below, type ValuePath } from './value-path.ts'

/** An image that a value names. */
export interface Mention {
  readonly source: Reference
  readonly path: ValuePath
}

/** A place that should name an image, or that perhaps does, and from which none was taken, or perhaps too short a name. */
export interface Doubt {
  readonly path: ValuePath
  readonly text: string
  /** `alone`: the text counts as it is, and what stands beside it may belong to it; `output`: a build pushes it */
  readonly why: 'empty' | 'placeholder' | 'id' | 'malformed' | 'unsure' | 'alone' | 'output'
  /** What is unsure. */
  readonly reason?: string
  /** True at the `image` of a container, where only an image can stand. */
  readonly container: boolean
}

export interface ValueImages {
  readonly mentions: readonly Mention[]
  readonly doubts: readonly Doubt[]
}

export interface WalkOptions {
  /** Where the value is in its document; default: it is the root. */
  readonly at?: ValuePath
  /** The tag of names that are split over keys and have no tag: the `appVersion` of a chart. Without it they are doubts. */
  readonly defaultTag?: string
  /** True if keys decide nothing here: only names with a host, and with a tag or digest, count. */
  readonly sureOnly?: boolean
  /** Keys below which stands what the object pushes, and does not pull. */
  readonly outputs?: readonly string[]
}

/**
 * Finds the images in a value that YAML or JSON gave: at keys that name images, put together where a name is split over several
 * keys, in strings of JSON or YAML, in arguments, and in text. The order is that of the document.
 */
export function imagesInValue(value: unknown, options: WalkOptions = {}): ValueImages {
  const walk = new Walk(options)
  walk.run({ value, key: '', role: 'other', path: options.at, inherited: {} })
  return walk
}

interface Visit {
  readonly value: unknown
  /** The nearest key above, and what it says. */
  readonly key: string
  readonly role: KeyRole
  readonly path: ValuePath
  readonly inherited: InheritedParts
}

/** Keys of lists of containers, in pods and in objects with a template of a pod: jobs, sets, custom resources. */
const CONTAINERS: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers'])

class Walk implements ValueImages {
  readonly mentions: Mention[] = []
  readonly doubts: Doubt[] = []
  /** Deep nesting would exhaust the stack of calls. */
  readonly #waiting: Visit[] = []
  /** An anchor of YAML is one object in many places. It is read once below each kind of key. */
  readonly #seen = new Map<object, Set<KeyRole>>()

  readonly #options: WalkOptions

  constructor(options: WalkOptions) {
    this.#options = options
  }

  run(root: Visit): void {
    this.#waiting.push(root)
    for (let visit = this.#waiting.pop(); visit !== undefined; visit = this.#waiting.pop()) {
      const mark = this.#waiting.length
      const { value } = visit
      if (isScalar(value)) this.#scalar(withoutByteOrderMarks(String(value)), visit)
      else if (typeof value === 'object' && value !== null && this.#isNew(value, visit.role)) {
        if (!Array.isArray(value)) this.#map(entriesOf(value, visit.path), visit)
        else this.#list(value, visit)
      }
      // What was put last is taken first, so the children are turned around.
      for (const child of this.#waiting.splice(mark).toReversed()) this.#waiting.push(child)
    }
  }

  #isNew(value: object, role: KeyRole): boolean {
    const roles = this.#seen.get(value) ?? new Set()
    if (roles.has(role)) return false
    this.#seen.set(value, roles.add(role))
    return true
  }

  #list(items: readonly unknown[], visit: Visit): void {
    const pairs = namedValues(items, visit.path)
    if (pairs !== undefined) this.#map(pairs, { ...visit, role: 'other' })
    for (const [index, item] of items.entries()) {
      const path = below(visit.path, index)
      const child = { ...visit, value: pairs === undefined ? item : withoutPair(item as object), path }
      const output = outputAt(items, index)
      if (output !== undefined) {
        this.#output(output, path)
        continue
      }
      const argument = argumentAt(items, index)
      const role = argument === undefined ? 'other' : this.#roleOf(argument.key)
      const isNamed = role === 'image' || role === 'images'
      this.#waiting.push(isNamed ? { ...child, value: argument!.value, role } : child)
    }
  }

  #map(entries: readonly Entry[], visit: Visit): void {
    const parts = partsOf(
      entries.flatMap(([key, value]) => (isScalar(value) ? [[key, String(value)] as const] : [])),
    )
    const inherited = inherit(entries, parts, visit.inherited)
    const names = this.#options.sureOnly ? [] : this.#joinedNames(visit, parts, inherited)
    for (const name of names) this.#name(name, visit)
    for (const [key, value, path] of entries) {
      // The image of a Ceph volume is a disk.
      const role = visit.key === 'rbd' ? 'other' : this.#roleOf(key)
      if (this.#options.outputs?.includes(key)) {
        this.#output(value, path)
        continue
      }
      if (role === 'skip' || (names.length > 0 && isPartOfName(key))) continue
      if (key.includes('/')) this.#text(key, { ...visit, path })
      const name = textAtImageKey(role, value)
      if (name !== undefined) this.#name(joinImage(key, name, parts, inherited), { ...visit, role, path })
      else this.#waiting.push({ value, key, role: roleInMap(visit.role, key, role, value), path, inherited })
    }
  }

  #roleOf(key: string): KeyRole {
    const role = roleOf(key)
    return this.#options.sureOnly && role !== 'skip' ? 'other' : role
  }

  /** The names that the map as a whole stands for. */
  #joinedNames(visit: Visit, parts: NameParts, inherited: InheritedParts): readonly JoinedName[] {
    const isImage = (visit.role === 'image' || visit.role === 'images') && !parts.get('image')
    const whole = isImage ? joinImageMap(parts, inherited, this.#options.defaultTag) : undefined
    if (whole !== undefined) return [whole]
    const reference =
      parts.get('kind') === 'DockerImage'
        ? parts.get('name')
        : parts.get('type') === 'image'
          ? parts.get('ref')
          : undefined
    return reference === undefined ? joinRepositories(visit.key, parts, inherited) : [{ text: reference }]
  }

  /** What a build pushes is there only after it: it is told, because it may be pulled all the same. */
  #output(value: unknown, at: ValuePath): void {
    for (const { source, path } of imagesInValue(value, { at }).mentions)
      this.doubts.push({ path, text: formatReference(source), why: 'output', container: false })
  }

  #scalar(text: string, visit: Visit): void {
    const documents = embeddedDocuments(text)
    if (documents !== undefined) this.#waiting.push(...documents.map(value => ({ ...visit, value })))
    else if (visit.role === 'image' || visit.role === 'perhaps') this.#name({ text }, visit)
    else if (visit.role === 'images') this.#names(text, visit)
    else this.#text(text, visit)
  }

  /** A list of names in one string, or one entry of a list: `NAME`, `alias=NAME`, `NAME, NAME`. */
  #names(text: string, visit: Visit): void {
    const names = text.split(/[\s,;]+/).map(word => word.slice(word.lastIndexOf('=') + 1))
    const role = typeof visit.path?.step === 'number' ? 'image' : 'perhaps'
    for (const name of names) if (name !== '') this.#name({ text: name }, { ...visit, role })
  }

  #text(text: string, { path }: Visit): void {
    for (const source of imagesInText(text)) this.mentions.push({ source, path })
  }

  #name(joined: JoinedName, visit: Visit): void {
    const { path, key, role } = visit
    const container = CONTAINERS.has(key)
    const { text, unsure: reason } = joined
    if (text === undefined)
      return void this.doubts.push({ path, text: '', why: 'unsure', reason: joined.unsure, container })
    if (reason !== undefined) this.doubts.push({ path, text, why: 'alone', reason, container })
    const read = readImageName(text)
    if (read.kind === 'other') return this.#text(text, visit)
    if (read.kind !== 'image') return void this.doubts.push({ path, text, why: read.kind, container })
    if (role !== 'perhaps' || isTagged(text) || text.includes('/'))
      return void this.mentions.push({ source: read.source, path })
    this.doubts.push({ path, text, why: 'unsure', reason: `${text} may be an image`, container })
  }
}

/** The text at a key that names an image; undefined if the key names none, or holds a collection, perhaps as JSON. */
function textAtImageKey(role: KeyRole, value: unknown): string | undefined {
  if (role === 'image' && value === null) return ''
  const isName = (role === 'image' || role === 'perhaps') && isScalar(value) && !CONTAINER.test(String(value))
  return isName ? String(value) : undefined
}

/** The entries of a map of images (`images: {operator: NAME}`) are names, unless they are parts of one or say how to pull. */
function roleInMap(above: KeyRole, key: string, role: KeyRole, value: unknown): KeyRole {
  return above === 'images' && role === 'other' && isScalar(value) && !isPartOfName(key) ? 'perhaps' : role
}

/** What the names below a map have from it. */
function inherit(entries: readonly Entry[], parts: NameParts, above: InheritedParts): InheritedParts {
  const own = parts.get('hub')
  if (own) return { ...above, hub: own, ...(parts.get('tag') ? { tag: parts.get('tag')! } : {}) }
  const shared = entries.find(
    ([key, value]) => key === 'global' && typeof value === 'object' && value !== null,
  )?.[1]
  if (shared === undefined) return above
  const { hub, tag, imageRegistry } = shared as Record<string, unknown>
  return {
    ...above,
    ...(hub ? { hub: String(hub) } : {}),
    ...(hub && tag ? { tag: String(tag) } : {}),
    ...(imageRegistry ? { imageRegistry: String(imageRegistry) } : {}),
  }
}
