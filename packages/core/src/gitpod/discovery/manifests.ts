import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, type Document, type ParsedNode } from 'yaml'
import type { Context } from '../../context.ts'
import type { Reference } from '@gpreg/oci'
import { tryParseReference } from '@gpreg/oci/engine'
import { purposeOf, type FoundImage } from './found-image.ts'
import { imagesInValue } from './walk/value-images.ts'
import { invalidInput, place, reading, readInput, referenceAt, STDIN } from '../../input.ts'
import { parseYaml, textAt, type YamlInput } from './yaml-input.ts'

/** Keys of lists of containers, in pods and in objects with a template of a pod: jobs, sets, custom resources. */
const CONTAINERS: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers'])
/** Keys of content that Kubernetes passes on without reading it. */
const DATA: ReadonlySet<string> = new Set(['data', 'stringData', 'binaryData'])
const MANIFEST = /\.(?:ya?ml|json)$/i

/**
 * Finds images in rendered Kubernetes manifests: one file, all files of a directory, or standard input.
 * @throws `input-unreadable`, `input-invalid`, `reference-invalid`
 */
export async function manifestImages(
  path: string,
  stdin: () => Promise<string>,
  context: Context,
): Promise<FoundImage[]> {
  const files = path === STDIN ? [path] : await manifestFiles(path)
  const images: FoundImage[] = []
  for (const file of files) images.push(...parseManifests(await readInput(file, stdin), file, context))
  return images
}

async function manifestFiles(path: string): Promise<string[]> {
  const isDirectory = (await reading(path, () => stat(path))).isDirectory()
  if (!isDirectory) return [path]
  const entries = await reading(path, () => readdir(path, { recursive: true, withFileTypes: true }))
  const files = entries
    .filter(entry => !entry.isDirectory() && MANIFEST.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .toSorted()
  if (files.length > 0) return files
  throw invalidInput(path, undefined, 'no manifests in this directory', 'they end in .yaml, .yml or .json')
}

/**
 * Finds images in the text of manifests. An image that is named several times is listed several times.
 * @throws `input-invalid`, `reference-invalid`; both name the line
 */
export function parseManifests(text: string, path: string, context: Context): FoundImage[] {
  const input = parseYaml(text, path)
  return input.documents.flatMap(document => {
    assertKubernetes(document, input)
    return [...imagesIn(document, input, context)].map(source => ({
      source,
      purpose: purposeOf(source),
      origins: [`manifests:${path}`],
    }))
  })
}

function assertKubernetes({ contents }: Document.Parsed, { path, lineOf }: YamlInput): void {
  if (contents === null || (textAt(contents, ['apiVersion']) && textAt(contents, ['kind']))) return
  throw invalidInput(
    path,
    lineOf(contents),
    'not a Kubernetes object: it has no apiVersion and kind',
    'give what `gitpod-installer render` or `helm template` prints',
  )
}

interface Visit {
  readonly node: unknown
  /** the nearest key above, e.g. `containers` for a container */
  readonly parent: string
  /** True below the data of a ConfigMap or Secret. There, `image` is a key like any other. */
  readonly opaque: boolean
}

/** Visits all nodes of a document, without recursion, because deep nesting would exhaust the stack. Aliases are not followed. */
function* imagesIn(document: Document.Parsed, input: YamlInput, context: Context): Generator<Reference> {
  const stack: Visit[] = [{ node: document.contents, parent: '', opaque: false }]
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { node, parent, opaque } = visit
    if (isScalar(node)) yield* referencesIn(String(node.value ?? ''))
    else if (isSeq(node)) for (const item of node.items) stack.push({ node: item, parent, opaque })
    else if (isMap(node)) {
      const holdsData = isDataHolder(node as ParsedNode)
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : ''
        const value = isAlias(pair.value) ? pair.value.resolve(document) : pair.value
        if (key === 'image' && isScalar(value) && !opaque)
          yield* imageField(value as ParsedNode, CONTAINERS.has(parent), input, context)
        else if (!isAlias(pair.value)) {
          yield* referencesIn(key)
          stack.push({ node: value, parent: key, opaque: opaque || (holdsData && DATA.has(key)) })
        }
      }
    }
  }
}

function isDataHolder(node: ParsedNode): boolean {
  const kind = textAt(node, ['kind'])?.text
  return kind === 'ConfigMap' || kind === 'Secret'
}

/**
 * Finds the images in an `image` field.
 * @param strict true in a container, where the field must be a reference; in custom resources it may mean something else
 */
function imageField(
  node: ParsedNode,
  strict: boolean,
  input: YamlInput,
  context: Context,
): readonly Reference[] {
  const text = textAt(node, [])?.text
  if (text !== undefined) {
    if (strict) return [referenceAt(text, input.path, input.lineOf(node))]
    const reference = tryParseReference(text)
    return reference === undefined ? referencesIn(text) : [reference]
  }
  const message = `${place(input.path, input.lineOf(node))}: an image field without a value is left out`
  context.emit({ type: 'warning', code: 'image-skipped', message, subject: { path: input.path } })
  return []
}

function referencesIn(text: string): readonly Reference[] {
  return imagesInValue(text).mentions.map(({ source }) => source)
}
