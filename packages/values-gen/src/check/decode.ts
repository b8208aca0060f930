import { z } from 'zod'
import type { RuleCode } from './rules.ts'
import type { Complaint } from './rule.ts'
import { formatPath, type Path } from './path.ts'
import { defaultOf, inner } from './schema-walk.ts'

export interface Note extends Complaint {
  readonly code: RuleCode
}

/**
 * Converts plain data as the installer's decoder does. The decoder accepts more than the types say: keys in any case, an
 * unquoted number or boolean in place of a text, and `null` in place of any value. A conversion that may surprise the user is
 * added to `notes`.
 * https://github.com/kubernetes-sigs/yaml/blob/v1.3.0/yaml.go, https://pkg.go.dev/encoding/json#Unmarshal
 */
export function decode(value: unknown, schema: z.ZodType, notes: Note[], path: Path = []): unknown {
  const target = inner(schema)
  if (target instanceof z.ZodObject && isMap(value)) return decodeMap(value, target, notes, path)
  if (target instanceof z.ZodArray && Array.isArray(value)) {
    const element = target.element as z.ZodType
    return value.map((item, index) => decode(item ?? emptyOf(element), element, notes, [...path, index]))
  }
  if (
    isText(target) &&
    (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
  ) {
    notes.push({
      code: 'text-unquoted',
      path,
      message: `without quotes this is ${typeof value === 'boolean' ? 'true or false' : 'a number'}; the installer makes the text ${JSON.stringify(String(value))} of it`,
      hint: 'put what is meant in quotes',
    })
    return String(value)
  }
  return value
}

function decodeMap(map: object, schema: z.ZodObject, notes: Note[], path: Path): object {
  const fields: readonly string[] = Object.keys(schema.shape)
  const entries = Object.entries(map).flatMap(([key, value]) => {
    const name = fields.includes(key) ? key : fields.find(field => field.toLowerCase() === key.toLowerCase())
    const here = [...path, key]
    if (name === undefined) return [[key, value]]
    if (name !== key) notes.push(otherCase(here, name))
    const field = schema.shape[name] as z.ZodType
    if (value !== null) return [[name, decode(value, field, notes, here)]]
    const note = nullNote(here, field)
    if (note !== undefined) notes.push(note)
    return UNSET_BY_NULL.has(formatPath(here)) ? [[name, false]] : []
  })
  return Object.fromEntries(entries)
}

/** The installer reads `null` in these fields as false, although their default is true. */
const UNSET_BY_NULL: ReadonlySet<string> = new Set(['database.inCluster', 'objectStorage.inCluster'])
/** The installer refuses `null` in this field: the field counts as missing. */
const REFUSED_NULL = 'containerRegistry.inCluster'

function nullNote(path: Path, field: z.ZodType): Note | undefined {
  const standard = defaultOf(field)
  if (standard === undefined) return undefined
  const [name, hint] = [formatPath(path), 'write a value, or leave the field out']
  if (name === REFUSED_NULL) return { code: 'required', path, message: 'it is empty', hint }
  const message = UNSET_BY_NULL.has(name)
    ? 'with nothing here the installer counts it as false'
    : `with nothing here ${JSON.stringify(standard)} stays`
  return { code: 'null-value', path, message, hint }
}

function otherCase(path: Path, name: string): Note {
  return {
    code: 'key-case',
    path,
    onKey: true,
    message: `the installer takes it for ${name}; scripts do not`,
    hint: `write ${name}`,
  }
}

function isText(schema: z.ZodType): boolean {
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral
}

/** The zero value that Go puts into a list in place of `null`. */
function emptyOf(schema: z.ZodType): unknown {
  return inner(schema) instanceof z.ZodObject ? {} : ''
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
