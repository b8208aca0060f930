import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { isDeepStrictEqual } from 'node:util'
import { documentKind, findRelease, knownReleases } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { isRecord } from '@gpreg/oci/engine'
import { Document, isMap, isScalar, isSeq, parseDocument, type ToStringOptions } from 'yaml'
import { formatKnown } from '../check/known.ts'
import { spelledIn, type KeyPath } from './case.ts'
import { CONTRADICTIONS, type Field } from './fields.ts'
import { keepLines } from './keep-lines.ts'
import { makeMaps, moveFields, pairAt } from './move.ts'

/** Puts texts such as `no` in quotes, because the installer reads YAML 1.1, in which an unquoted `no` is false. */
const YAML = { compat: 'yaml-1.1' } as const

/** Writes a new configuration that has only these fields. */
export function writeConfig(fields: readonly Field[]): string {
  const document = new Document({}, YAML)
  setFields(document, fields)
  return document.toString({ lineWidth: 0 })
}

/**
 * Sets these fields in an existing configuration, and removes the fields that contradict them. Fields that have another place in
 * the release move there. Comments and all other fields stay. A second call with the same fields changes nothing.
 * @param release such as `2022.11.3`; default: the newest
 * @throws `input-invalid`
 */
export function changeConfig(
  text: string,
  path: string,
  fields: readonly Field[],
  release = knownReleases().at(-1)!,
): string {
  const document = parseDocument(text, YAML)
  const error = document.errors[0]
  if (error !== undefined || (document.contents !== null && !isMap(document.contents))) {
    throw new GpregError('input-invalid', `${path} is not an installer configuration`, {
      path,
      cause: error,
      hint: 'give the file that `gitpod-installer init` makes; `gpreg values check` shows what is wrong with it',
    })
  }
  const other = documentKind(document.get('kind'))
  if (other !== undefined)
    throw new GpregError('input-invalid', `${path}: this is ${other.what}, no installer configuration`, {
      path,
      hint: other.hint,
    })
  const style = styleOf(text)
  const printed = document.toString(style)
  const moved = moveFields(document, findRelease(release).release.name)
  return setFields(document, fields) || moved ? keepLines(text, printed, document.toString(style)) : text
}

/** False if nothing had to be changed. */
function setFields(document: Document, fields: readonly Field[]): boolean {
  const wanted = new Set(fields.map(({ path }) => path.join('.')))
  const contradictions = [...wanted]
    .flatMap(path => CONTRADICTIONS[path] ?? [])
    .filter(path => !wanted.has(path))
    .map(path => spelledIn(document, path.split('.')))
  const removed = contradictions.filter(path => document.hasIn(path) && document.deleteIn(path)).length
  const changed = fields.filter(field => setField(document, field)).length
  return removed + changed > 0
}

function setField(document: Document, field: Field): boolean {
  const { value, comment, known, merge } = field
  const path = spelledIn(document, field.path)
  const isNew = !document.hasIn(path)
  const changed = merge
    ? addItems(document, path, value as readonly unknown[])
    : setLeaves(document, path, value)
  if (isNew && comment !== undefined) {
    // The comment of an experimental field goes above `experimental` itself.
    const place = path[0] === 'experimental' ? path.slice(0, 1) : path
    commentOn(
      document,
      place,
      `${wrap(comment, 100)}${known === undefined ? '' : `\n ${formatKnown(known)}`}`,
    )
  }
  return changed
}

/** Sets a value key by key, so that other keys in the same map stay. */
function setLeaves(document: Document, wanted: KeyPath, value: unknown): boolean {
  const path = spelledIn(document, wanted)
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([key, part]) => setLeaves(document, [...path, key], part))
      .some(changed => changed)
  }
  if (isDeepStrictEqual(plain(document, path), value)) return false
  makeMaps(document, path.slice(0, -1))
  document.setIn(path, isScalar(document.getIn(path, true)) ? value : document.createNode(value))
  return true
}

function addItems(document: Document, path: KeyPath, items: readonly unknown[]): boolean {
  const before = plain(document, path)
  const known = Array.isArray(before) ? before : []
  const missing = items.filter(item => !known.some(one => isDeepStrictEqual(one, item)))
  if (missing.length === 0) return false
  makeMaps(document, path.slice(0, -1))
  const list = document.getIn(path, true)
  if (!isSeq(list) || known.length === 0) document.setIn(path, document.createNode(items))
  else for (const item of missing) list.add(document.createNode(item))
  return true
}

function plain(document: Document, path: KeyPath): unknown {
  const node = document.getIn(path, true)
  return isScalar(node) ? node.value : isMap(node) || isSeq(node) ? node.toJS(document) : undefined
}

function commentOn(document: Document, path: KeyPath, comment: string): void {
  const pair = pairAt(document, path)
  if (pair === undefined) return
  const key = isScalar(pair.key) ? pair.key : document.createNode(pair.key)
  Object.assign(key as object, { commentBefore: comment })
  pair.key = key
}

function wrap(text: string, width: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.map(line => ` ${line}`).join('\n')
}

/** Finds the indentation of the file, so that unchanged lines are printed as they were. */
function styleOf(text: string): ToStringOptions {
  const indent = /^[^\s#][^\n]*:\s*(?:#[^\n]*)?\n(?:\s*#[^\n]*\n)*( +)[^\s#-]/m.exec(text)?.[1]?.length ?? 2
  return { lineWidth: 0, indent }
}

/** A unified diff that `patch` can apply; empty if nothing changes. */
export function diffConfig(before: string, after: string, path: string): string {
  if (before === after) return ''
  return createTwoFilesPatch(path, path, before, after, 'before', 'after', {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  })
}
