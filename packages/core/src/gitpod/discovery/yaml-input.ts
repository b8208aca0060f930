import {
  isMap,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type Document,
  type DocumentOptions,
  type ParsedNode,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml'
import { invalidInput } from '../../input.ts'
import { plainValues } from './plain-values.ts'

/** A YAML text that the user named. */
export interface YamlInput {
  readonly path: string
  /** The documents of the text, without empty ones. */
  readonly documents: readonly Document.Parsed[]
  /** The line on which a node starts, from 1. */
  lineOf(node: ParsedNode): number
}

const HINT = 'check the file with a YAML linter'

/**
 * Parses YAML. Every scalar stays text, so that a version `1.10` does not become the number 1.1.
 * @throws `input-invalid`, naming the line
 */
export function parseYaml(text: string, path: string): YamlInput {
  const lines = new LineCounter()
  const documents = composeDocuments(text, path, lines)
  const error = documents.flatMap(document => document.errors)[0]
  if (error !== undefined) {
    // The first line of the parser's message is the reason. An excerpt of the source follows.
    const reason = error.message.replace(/(?: at line|\n).*/s, '')
    throw invalidInput(path, lines.linePos(error.pos[0]).line, `not YAML: ${reason}`, HINT, error)
  }
  return {
    path,
    documents: documents.filter(({ contents }) => contents !== null && !isEmptyScalar(contents)),
    lineOf: node => lines.linePos(node.range[0]).line,
  }
}

/**
 * The plain data of a document of an input, perhaps parsed with other options.
 * @throws `input-invalid`, naming the line, if aliases lead nowhere, in a circle, or to billions of values
 */
export function plainValuesIn(document: Document.Parsed, { path, lineOf }: YamlInput): unknown {
  const plain = plainValues(document)
  if ('value' in plain) return plain.value
  throw invalidInput(path, lineOf(plain.node), plain.fault, 'write out the values that are meant there')
}

/**
 * Options of the parser for YAML that others wrote: every scalar stays text, so that a version `1.10` does not become the number
 * 1.1, but null and booleans are what they are. Duplicate keys are allowed, as the decoders of Kubernetes allow them.
 */
export const PLAIN_VALUES = {
  schema: 'failsafe',
  customTags: ['null', 'bool'],
  uniqueKeys: false,
  logLevel: 'error',
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions

function composeDocuments(text: string, path: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    // Duplicate keys are allowed, as the decoders of Kubernetes allow them.
    const options = { lineCounter, schema: 'failsafe', uniqueKeys: false, logLevel: 'error' } as const
    const documents = parseAllDocuments(text, options)
    return 'empty' in documents ? [] : documents
  } catch (cause) {
    // e.g. nesting so deep that the parser runs out of stack
    throw invalidInput(path, undefined, 'not YAML that can be read', HINT, cause)
  }
}

function isEmptyScalar(node: ParsedNode): boolean {
  return isScalar(node) && (node.value === null || node.value === '')
}

/** The words for null in YAML. https://yaml.org/spec/1.2.2/#1032-tag-resolution */
const NULL = /^(?:null|Null|NULL|~)$/

/**
 * The scalar text at a path of keys; undefined if there is none or it is empty.
 * @param same whether two keys are equal; default: if they are written the same
 */
export function textAt(
  node: unknown,
  keys: readonly string[],
  same: (a: string, b: string) => boolean = (a, b) => a === b,
): { readonly text: string; readonly node: ParsedNode } | undefined {
  let here = node
  for (const key of keys) {
    if (!isMap(here)) return undefined
    here = here.items.find(pair => isScalar(pair.key) && same(String(pair.key.value), key))?.value
  }
  if (!isScalar(here)) return undefined
  const text = String(here.value ?? '').trim()
  const empty = text === '' || (here.type === 'PLAIN' && NULL.test(text))
  return empty ? undefined : { text, node: here as ParsedNode }
}

/** Ignores case, as Go's JSON decoder does, with which the installer reads configurations and versions manifests. */
export function sameKey(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
