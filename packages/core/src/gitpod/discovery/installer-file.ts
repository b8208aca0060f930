import { isMap, isScalar, type Document, type ParsedNode } from 'yaml'
import type { GpregError } from '@gpreg/oci'
import { documentKind } from '../../document-kinds.ts'
import { invalidInput } from '../../input.ts'
import { placesOf } from '../moved-fields.ts'
import { parseYaml, sameKey, textAt, type YamlInput } from './yaml-input.ts'

export interface InstallerFile extends Pick<YamlInput, 'lineOf'> {
  readonly root: ParsedNode
}

/**
 * Reads the YAML of a `gitpod.config.yaml`. No field is checked.
 * @throws `input-invalid`
 */
export function readInstallerConfig(text: string, path: string): InstallerFile {
  const { documents, lineOf } = parseYaml(text, path)
  const root = documents[0]?.contents ?? null
  const other = documentKind(textAt(root, ['kind'])?.text)
  if (other !== undefined)
    throw invalidInput(path, undefined, `this is ${other.what}, no installer configuration`, other.hint)
  if (documents.length === 1 && isMap(root)) return { root: root as ParsedNode, lineOf }
  throw noConfiguration(documents, path)
}

/** Rendered manifests have several documents, and are what people give most often instead. */
function noConfiguration(documents: readonly Document.Parsed[], path: string): GpregError {
  const isManifests = documents.some(
    ({ contents }) => textAt(contents, ['apiVersion']) && textAt(contents, ['kind']),
  )
  const [what, hint] = isManifests
    ? ['these are Kubernetes manifests, no installer configuration', '--manifests FILE reads them']
    : ['this is no installer configuration', 'give the file that `gitpod-installer init` makes']
  return invalidInput(path, undefined, what, hint)
}

/** The text of a field at any of its places; undefined if the field is not set. Keys may be in any case of letters. */
export function valueAt(root: ParsedNode, path: string): ReturnType<typeof textAt> {
  for (const place of placesOf(path)) {
    const found = textAt(root, place.split('.'), sameKey)
    if (found !== undefined) return found
  }
  return undefined
}

/** True for the words that YAML 1.1 reads as true. https://yaml.org/type/bool.html */
export function isTrue(text: string | undefined): boolean {
  return /^(?:y|yes|true|on)$/i.test(text ?? '')
}

export function hasMap(node: unknown, [key, ...rest]: readonly string[]): boolean {
  if (!isMap(node)) return false
  if (key === undefined) return true
  const pair = node.items.find(item => isScalar(item.key) && sameKey(String(item.key.value), key))
  return hasMap(pair?.value as ParsedNode | undefined, rest)
}

/** Whether a setting is made: `path` is a map or true, `path: value` has this value. */
export type IsSet = (setting: string) => boolean

export function settingsOf({ root }: InstallerFile): IsSet {
  return setting => {
    const [field = '', wanted] = setting.split(': ')
    const found = valueAt(root, field)?.text
    if (wanted === undefined) return isTrue(found) || hasMap(root, field.split('.'))
    return wanted === 'false' ? isFalse(found) : found === wanted
  }
}

function isFalse(text: string | undefined): boolean {
  return /^(?:n|no|false|off)$/i.test(text ?? '')
}
