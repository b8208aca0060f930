import { formatReference } from '@gpreg/oci'
import { place, referenceAt } from '../../../input.ts'
import { purposeOf, type FoundImage } from '../found-image.ts'
import type { Doubt } from '../walk/value-images.ts'
import { formatPath, stepsOf } from '../walk/value-path.ts'
import { readDocuments, type ManifestDocument } from './documents.ts'
import { foreignContent, lookAlike, type ForeignContent } from './foreign-content.ts'
import { objectsIn, titleOf, type PlacedObject } from './kubernetes-object.ts'
import { imagesInObject, isSuperseded } from './object-images.ts'

/** What one file says. */
export interface ManifestFile {
  /** An image is listed once for each object that names it. */
  readonly images: readonly FoundImage[]
  /** Sentences, each with its place: names that could not be taken, objects that run nothing. */
  readonly remarks: readonly string[]
  /** Documents that are no Kubernetes objects. */
  readonly foreign: readonly ForeignDocument[]
  /** How many Kubernetes objects the file has. */
  readonly objects: number
}

export interface ForeignDocument extends ForeignContent {
  /** from 1; absent if the whole file is meant */
  readonly line?: number
  /** True if the document cannot be parsed. */
  readonly broken: boolean
}

/**
 * Reads manifests, and what a live cluster prints.
 * @throws `reference-invalid` if a container has a malformed image, with the line
 */
export function readManifestFile(text: string, path: string): ManifestFile {
  const unreadable = unreadableText(text)
  if (unreadable !== undefined) return withoutObjects(unreadable)
  const foreign: ForeignDocument[] = []
  const read: ObjectImages[] = []
  const superseded: string[] = []
  let objects = 0
  const documents = readDocuments(text)
  if (documents.length === 0) foreign.push({ what: `${EMPTY} but for comments`, hint: GIVE, broken: false })
  for (const document of documents) {
    const placed = 'value' in document.content ? objectsOf(document.content.value) : undefined
    if (placed === undefined) foreign.push(foreignDocument(document, text, path))
    for (const item of placed ?? []) {
      objects += 1
      if (isSuperseded(item.object)) superseded.push(titleOf(item.object))
      else read.push(readObject(item, document, path))
    }
  }
  if (objects === 0 && text.includes('\uFFFD')) return withoutObjects(OTHER_ENCODING)
  const remarks = read.flatMap(({ remarks }) => remarks)
  if (superseded.length > 0) remarks.push(supersededRemark(superseded, path))
  return { images: read.flatMap(({ images }) => images), remarks, foreign, objects }
}

function objectsOf(value: unknown): readonly PlacedObject[] | undefined {
  return lookAlike(value) === undefined ? objectsIn(value) : undefined
}

const GIVE = 'give Kubernetes manifests: text in UTF-8 or UTF-16'
const EMPTY = 'an empty file'
/** What a decoder writes for bytes that are no text also stands in texts, so it is a reason only where nothing else is found. */
const OTHER_ENCODING: ForeignDocument = {
  what: 'text in another encoding than UTF-8 and UTF-16',
  hint: GIVE,
  broken: false,
}

function withoutObjects(reason: ForeignDocument): ManifestFile {
  return { images: [], remarks: [], foreign: [reason], objects: 0 }
}

/** Why a text is no YAML before anything is parsed. */
function unreadableText(text: string): ForeignDocument | undefined {
  const what = text.includes('\0') ? 'a binary file' : text.trim() === '' ? EMPTY : undefined
  return what === undefined ? undefined : { what, hint: GIVE, broken: false }
}

function foreignDocument(document: ManifestDocument, text: string, path: string): ForeignDocument {
  const { content } = document
  const line = document.lineAt()
  if ('value' in content) return { ...foreignContent(content.value, path), line, broken: false }
  if (/\{\{[^}]*\}\}/.test(text))
    return {
      what: `a template, and not YAML before it is rendered: ${content.broken}`,
      hint: '--chart DIR renders a Helm chart; or give what `helm template` prints',
      line,
      broken: true,
    }
  return {
    what: `not YAML${content.isYaml ? ' that Kubernetes reads' : ''}: ${content.broken}`,
    hint: content.isYaml ? 'write out the values that are meant there' : 'check the file with a YAML linter',
    line,
    broken: true,
  }
}

interface ObjectImages {
  readonly images: readonly FoundImage[]
  readonly remarks: readonly string[]
}

function readObject({ object, steps }: PlacedObject, document: ManifestDocument, path: string): ObjectImages {
  const title = titleOf(object)
  const { mentions, doubts } = imagesInObject(object)
  const images = new Map<string, FoundImage>()
  for (const { source, path: at } of mentions) {
    const name = formatReference(source)
    if (images.has(name)) continue
    const origins = [`manifests:${path}:${title}:${formatPath(at)}`]
    images.set(name, { source, purpose: purposeOf(source), origins })
  }
  const remarks = doubts.filter(isTold).map(doubt => {
    const line = document.lineAt([...steps, ...stepsOf(doubt.path)])
    // Docker's own words say what is wrong with the name.
    if (doubt.container && doubt.why === 'malformed') referenceAt(doubt.text, path, line)
    return `${place(path, line)}: ${title}: ${formatPath(doubt.path)} ${REASONS[doubt.why](doubt)}`
  })
  return { images: [...images.values()], remarks }
}

const REASONS: Readonly<Record<Doubt['why'], (doubt: Doubt) => string>> = {
  empty: () => 'has no value and is left out',
  placeholder: ({ text }) =>
    `is filled in elsewhere and is left out: ${quote(text)}; name the image with --image`,
  id: ({ text }) => `is the ID of an image without its name and is left out: ${quote(text)}`,
  malformed: ({ text }) => `is no image reference and is left out: ${quote(text)}`,
  alone: ({ text, reason }) => `counts as ${quote(text)}, but ${reason}; name the image with --image if so`,
  output: ({ text }) => `is what a build pushes and is left out: ${text}`,
  unsure: ({ reason }) => `is left out, because ${reason}; name the image with --image if it is wanted`,
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

/** In containers every doubt is told. Elsewhere the same keys also hold switches and nothing at all. */
function isTold({ container, why, text }: Doubt): boolean {
  return (
    container ||
    why === 'unsure' ||
    why === 'output' ||
    why === 'alone' ||
    ((why === 'placeholder' || why === 'malformed') && /\W/.test(text))
  )
}

const SHOWN = 5

function supersededRemark(titles: readonly string[], path: string): string {
  const more = titles.length > SHOWN ? ` and ${titles.length - SHOWN} more` : ''
  return `${place(path)}: what a controller has replaced runs no more and is left out: ${titles.slice(0, SHOWN).join(', ')}${more}`
}
