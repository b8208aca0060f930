import { isRecord } from '@gpreg/oci/engine'
import { isMap, type Document, type Node } from 'yaml'
import type { Fault } from './construct.ts'

export interface Part {
  readonly document: Document.Parsed
  readonly data: unknown
}

const HINT = 'put all into one document'

/**
 * Joins the YAML documents of a file. The installer deletes `apiVersion` in each of them and prints them one after another,
 * without a mark between them: maps become one map, and anything else after a map cannot be read. A map in braces, and an
 * empty one, which is printed in braces, ends what is read.
 * https://github.com/mikefarah/yq/blob/v4.25.3/pkg/yqlib/encoder_yaml.go
 */
export function joinDocuments([first, ...others]: readonly Part[]): { data: unknown; fault?: Fault } {
  if (first === undefined) return { data: null }
  if (!isRecord(first.data)) return { data: first.data }
  const joined: Record<string, unknown> = { ...first.data }
  for (const part of others) {
    if (isPrintedInBraces(part)) return { data: undefined, fault: notJoinable(part) }
    for (const [key, value] of Object.entries(part.data as object)) {
      if (Object.hasOwn(joined, key) && key !== 'apiVersion')
        return { data: undefined, fault: twice(part, key) }
      joined[key] = value
    }
  }
  return { data: joined }
}

/** True for a document that is no map or is printed in braces: if it is the first, none after it are read. */
export function isPrintedInBraces({ document: { contents }, data }: Part): boolean {
  if (!isMap(contents) || !isRecord(data)) return true
  return contents.flow === true || Object.keys(data).every(key => key === 'apiVersion')
}

function notJoinable({ document }: Part): Fault {
  return {
    code: 'yaml-syntax',
    message:
      'the installer joins the YAML documents of a file, and this one is empty or no map without braces',
    hint: HINT,
    offset: document.contents?.range[0] ?? Math.max(0, document.range[0] - 1),
  }
}

function twice({ document: { contents } }: Part, key: string): Fault {
  const pair = isMap<Node>(contents) ? contents.items.find(item => String(item.key) === key) : undefined
  const message = 'this field is in an earlier YAML document already, and the installer joins them'
  return { code: 'duplicate-key', message, hint: HINT, offset: pair?.key.range?.[0] ?? 0 }
}

/** The parser knows the directives `%YAML 1.1` and `%TAG`, and wants `---` before every document but the first. */
export function directiveFault(
  text: string,
  document: Document.Parsed,
  before: Document.Parsed | undefined,
): Fault | undefined {
  const start = before?.range[2] ?? 0
  const content = document.contents?.range[0] ?? document.range[1]
  const prolog = text.slice(start, content)
  const refused = /^%(?!YAML[ \t]+1\.1(?:\s|$)|TAG[ \t]).*/m.exec(prolog)
  if (refused !== null)
    return {
      code: 'yaml-syntax',
      message: `the installer reads YAML 1.1, and does not know ${refused[0].trim()}`,
      hint: 'leave the line out',
      offset: start + refused.index,
    }
  if (before === undefined || document.directives?.docStart === true || document.contents === null)
    return undefined
  return {
    code: 'yaml-syntax',
    message: 'a document that is not the first begins with ---',
    hint: HINT,
    offset: content,
  }
}
