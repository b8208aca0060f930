import type { core } from 'zod'
import type { Note } from './decode.ts'
import { formatPath, valueAt, type Path } from './path.ts'
import { schemaAt } from './schema-walk.ts'
import { suggestField } from './suggest.ts'

/** Describes a type error that zod found in a configuration. */
export function describeIssue(issue: core.$ZodIssue, data: unknown): Note[] {
  const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part))
  const value = valueAt(data, path)
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(path, key))
  if (value === undefined || value === '') return [missing(path, value)]
  switch (issue.code) {
    case 'invalid_type':
      return [wrongType(path, value, issue.expected)]
    case 'not_multiple_of':
      return [wrongType(path, value, 'int')]
    case 'invalid_value':
      return typeof value === 'string'
        ? [notAllowed(path, value, issue.values.map(String))]
        : [wrongType(path, value, 'string')]
    case 'invalid_union':
      return typeof value === 'string'
        ? [badFormat(path, value, issue.message)]
        : [wrongType(path, value, 'string')]
    default:
      // For an empty list in place of a text, zod reports the wrong type and then the length too. The type is enough.
      return Array.isArray(value) ? [] : [badFormat(path, value, issue.message)]
  }
}

function unknownKey(path: Path, key: string): Note {
  const hint = suggestField(path, key)
  return {
    code: 'unknown-key',
    path: [...path, key],
    onKey: true,
    message: 'the installer knows no such field',
    hint,
  }
}

function missing(path: Path, value: unknown): Note {
  const purpose = schemaAt(path)?.description
  return {
    code: 'required',
    path,
    message: value === '' ? 'it is empty' : 'it is missing',
    hint: `set ${formatPath(path)}${purpose === undefined ? '' : ` (${purpose.replace(/\.$/, '')})`}`,
  }
}

function wrongType(path: Path, value: unknown, expected: string): Note {
  const [wanted, hint] = TYPES[expected] ?? [expected, 'see what `gitpod-installer init` writes there']
  return { code: 'wrong-type', path, message: `${wanted} is needed, this is ${nameOf(value)}`, hint }
}

const TYPES: Readonly<Record<string, readonly [string, string]>> = {
  string: ['a text', 'write one value'],
  boolean: ['true or false', 'write true or false, without quotes'],
  number: ['a number', 'write it in digits, without quotes'],
  int: ['a whole number', 'write it in digits, without quotes'],
  array: ['a list', 'write each entry on a line of its own, after "- "'],
  object: ['a map', 'write its fields below it, indented'],
  record: ['a map', 'write its fields below it, indented'],
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return `the text ${JSON.stringify(value.slice(0, 60))}`
    case 'object':
      return value === null ? 'nothing' : 'a map'
    default:
      return String(value)
  }
}

function notAllowed(path: Path, value: string, values: readonly string[]): Note {
  return {
    code: 'value-unknown',
    path,
    message: `the installer knows no ${JSON.stringify(value.slice(0, 60))} here`,
    hint: `write ${values.join(', ').replace(/, ([^,]+)$/, ' or $1')}`,
  }
}

function badFormat(path: Path, value: unknown, expected: string): Note {
  return {
    code: 'value-format',
    path,
    message: `the installer cannot read ${nameOf(value)} here`,
    hint: `write ${expected}`,
  }
}
