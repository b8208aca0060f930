import { invalidInput } from '../../../../input.ts'
import { parseYaml, plainValuesIn } from '../../yaml-input.ts'
import { foreignDocument, type ForeignDocument } from './foreign-document.ts'
import { haulerManifest } from './hauler.ts'
import { imagesLock } from './images-lock.ts'
import { kotsApplication } from './kots.ts'
import type { ListFormat } from './list-format.ts'
import type { ListItem } from '../list-item.ts'
import { imageSetConfiguration } from './oc-mirror.ts'
import { plainList } from './plain-list.ts'
import { regsync } from './regsync.ts'
import { skopeoSync } from './skopeo-sync.ts'
import { DocumentView } from './document-view.ts'
import { zarfPackage } from './zarf.ts'

/** Formats with marks of their own come before those that are known by their shape only. */
const FORMATS: readonly ListFormat[] = [
  haulerManifest,
  zarfPackage,
  imagesLock,
  kotsApplication,
  imageSetConfiguration,
  regsync,
  skopeoSync,
]

const HINT = 'docs/image-lists.md names the formats; a plain list has a reference a line'

/**
 * Reads lists in YAML and JSON: all documents of a text, also JSON documents in lines and JSON with comments in lines of their own.
 * @throws `input-invalid` if no document is a list, saying what it is
 */
export function readDocuments(text: string, path: string): ListItem[] {
  const uncommented = text.replace(/^[ \t]*\/\/.*$/gm, '')
  const input = parseYaml(documentsOfLines(uncommented) ?? uncommented, path)
  // What reads the formats follows aliases without looking where they lead.
  for (const document of input.documents) plainValuesIn(document, input)
  const roots = input.documents.map(document => new DocumentView(document.contents, document, input))
  const isOneList = roots.some(root => formatOf(root) !== undefined)
  return roots.flatMap(root => {
    const format = formatOf(root)
    if (format !== undefined) return [...format.read(root, path)]
    const { what, hint } = foreignDocument(root) ?? unknownDocument(root)
    // Beside a list, another document is told.
    if (isOneList) return [{ remark: `${what} is not read; ${hint}`, line: root.line }]
    throw invalidInput(path, root.line, `this is ${what}, not a list of images`, hint)
  })
}

function formatOf(root: DocumentView): ListFormat | undefined {
  return (
    FORMATS.find(({ matches }) => matches(root)) ??
    (foreignDocument(root) === undefined && plainList.matches(root) ? plainList : undefined)
  )
}

function unknownDocument(root: DocumentView): ForeignDocument {
  return {
    what: root.isMap ? `a map with the keys ${root.keys.slice(0, 5).join(', ')}` : 'something else',
    hint: HINT,
  }
}

/** JSON in lines as YAML in documents; lines keep their numbers. Undefined if the text is not JSON in lines. */
function documentsOfLines(text: string): string | undefined {
  const lines = text.split(/\r\n|\r|\n/)
  const filled = lines.filter(line => line.trim() !== '')
  if (filled.length < 2 || !filled.every(isJsonObject)) return undefined
  return lines.map(line => (line.trim() === '' ? '' : `--- ${line.trim()}`)).join('\n')
}

function isJsonObject(line: string): boolean {
  if (!/^\s*\{.*\}\s*$/.test(line)) return false
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}
