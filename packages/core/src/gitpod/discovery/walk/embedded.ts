import { parseAllDocuments } from 'yaml'
import { plainValues } from '../plain-values.ts'
import { PLAIN_VALUES } from '../yaml-input.ts'

/**
 * The documents in a string that holds JSON or YAML: maps and lists. Undefined if the string is neither, or if none of its text
 * can name an image, because parsing costs time.
 */
export function embeddedDocuments(text: string): readonly object[] | undefined {
  const isContainer = CONTAINER.test(text)
  if (!isContainer && !YAML_LINE.test(text) && !FLOW_LINE.test(text)) return undefined
  if (!NAMING.test(text)) return undefined
  return (isContainer ? parseJson(text) : undefined) ?? parseYaml(text)
}

/** The start of JSON, and not of a template. */
export const CONTAINER = /^\s*(?:\[|\{(?!\{))/
/** A line `key: …` or `- key: …` in a text of several lines, or of one that ends as such texts do. */
const YAML_LINE = /^[ \t]*(?:- +)*["']?[\w./-]+["']?:(?:[ \t]+\S.*)?\r?\n/m
/** A text that starts with `key: {…}` or `key: […]`, as YAML in one line does. */
const FLOW_LINE = /^\s*["']?[\w./-]+["']?:[ \t]+[[{](?!\{)/
/** Without one of these, there is neither a known key nor a name with a host. */
const NAMING = /image|refs|repo|hub|\//i

function parseJson(text: string): readonly object[] | undefined {
  try {
    return [JSON.parse(text) as object]
  } catch {
    return undefined
  }
}

function parseYaml(text: string): readonly object[] | undefined {
  try {
    const documents = parseAllDocuments(text, PLAIN_VALUES)
    if ('empty' in documents || documents.some(({ errors }) => errors.length > 0)) return undefined
    const values: unknown[] = []
    for (const document of documents) {
      const plain = plainValues(document)
      if ('fault' in plain) return undefined
      values.push(plain.value)
    }
    const containers = values.filter(value => typeof value === 'object' && value !== null)
    return containers.length > 0 ? containers : undefined
  } catch {
    return undefined
  }
}
