import { z } from 'zod'
import { configSchema } from '../config/schema.ts'
import { formatFloat } from './yaml/numbers.ts'
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
 * @param path as it is written in the file
 * @param field the same path with the names of the fields
 */
export function decode(
  value: unknown,
  schema: z.ZodType,
  notes: Note[],
  path: Path = [],
  field: Path = path,
): unknown {
  const target = inner(schema)
  if (target instanceof z.ZodObject && isMap(value)) return decodeMap(value, target, notes, path, field)
  if (target instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) =>
      decodeElement(item, target.element as z.ZodType, notes, [...path, index], [...field, index]),
    )
  }
  if (target instanceof z.ZodRecord && isMap(value)) {
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      decodeElement(item, target.valueType as z.ZodType, notes, [...path, key], [...field, key]),
    ])
    return Object.fromEntries(entries)
  }
  if (!isText(target) || typeof value === 'string' || typeof value === 'object') return value
  return decodeText(value as number | bigint | boolean, notes, path)
}

/** Go puts the zero value of the type into a list or a map in place of `null`. */
function decodeElement(item: unknown, element: z.ZodType, notes: Note[], path: Path, field: Path): unknown {
  return item === null ? emptyOf(element) : decode(item, element, notes, path, field)
}

function decodeText(value: number | bigint | boolean, notes: Note[], path: Path): string {
  const text = typeof value === 'number' && !Number.isInteger(value) ? formatFloat(value) : String(value)
  notes.push({
    code: 'text-unquoted',
    path,
    message: `without quotes this is ${typeof value === 'boolean' ? 'true or false' : 'a number'}; the installer makes the text ${JSON.stringify(text)} of it`,
    hint: 'put what is meant in quotes',
  })
  return text
}

function decodeMap(map: object, schema: z.ZodObject, notes: Note[], path: Path, field: Path): object {
  const fields = Object.keys(schema.shape)
  const decoded: Record<string, unknown> = {}
  // Go writes maps with sorted keys, so of two keys that differ only in their case the last one in this order counts.
  for (const key of Object.keys(map).sort()) {
    const value = (map as Record<string, unknown>)[key]
    const name = fields.includes(key) ? key : inOtherCase(schema, fields, key)
    const [here, known] = [
      [...path, key],
      [...field, name ?? key],
    ]
    if (name === undefined) {
      decoded[key] = value
      continue
    }
    if (name !== key) notes.push(otherCase(here, name))
    const part = schema.shape[name] as z.ZodType
    if (value === null) decodeNull(decoded, name, part, notes, here, known)
    else decoded[name] = together(decoded[name], decode(value, part, notes, here, known))
  }
  return decoded
}

/** The installer deletes `apiVersion` in this case only. */
function inOtherCase(schema: z.ZodObject, fields: readonly string[], key: string): string | undefined {
  const name = fields.find(field => field.toLowerCase() === key.toLowerCase())
  return schema === configSchema && name === 'apiVersion' ? undefined : name
}

/** Two keys that differ only in their case fill the same struct. */
function together(one: unknown, other: unknown): unknown {
  return isMap(one) && isMap(other) ? { ...one, ...other } : other
}

/** Fields that Go sets to nothing by `null`, although they have a default: they count as false. */
const UNSET_BY_NULL: ReadonlySet<string> = new Set(['database.inCluster', 'objectStorage.inCluster'])
/** Fields that Go sets to nothing by `null`, and that must not be nothing. */
const REQUIRED: ReadonlySet<string> = new Set([
  'containerRegistry.inCluster',
  'objectStorage.resources.requests',
  'workspace.resources.requests',
])
/** This field is refused, since its decoder knows no `null`. */
const NEVER_NULL = 'workspace.maxLifetime'

/** `null` leaves a field as it is, in most cases. */
function decodeNull(
  decoded: Record<string, unknown>,
  name: string,
  part: z.ZodType,
  notes: Note[],
  path: Path,
  field: Path,
): void {
  const [full, hint] = [formatPath(field), 'write a value, or leave the field out']
  if (UNSET_BY_NULL.has(full)) decoded[name] = false
  if (REQUIRED.has(full) || full === NEVER_NULL) {
    notes.push({ code: 'required', path, message: 'it is empty', hint })
    return
  }
  const standard = defaultOf(part)
  if (standard === undefined) return
  const message = UNSET_BY_NULL.has(full)
    ? 'with nothing here the installer counts it as false'
    : `with nothing here ${JSON.stringify(standard)} stays`
  notes.push({ code: 'null-value', path, message, hint })
}

function otherCase(path: Path, name: string): Note {
  return {
    code: 'key-case',
    path,
    onKey: true,
    message: `the installer takes it for ${name}; scripts and gpreg mirror --config do not`,
    hint: `write ${name}`,
  }
}

function isText(schema: z.ZodType): boolean {
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral
}

function emptyOf(schema: z.ZodType): unknown {
  const target = inner(schema)
  if (target instanceof z.ZodObject || target instanceof z.ZodRecord) return {}
  if (target instanceof z.ZodArray) return []
  if (target instanceof z.ZodBoolean) return false
  return isText(target) ? '' : 0
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
