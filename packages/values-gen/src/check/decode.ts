import { isRecord } from '@gpreg/oci/engine'
import { z } from 'zod'
import { isEmbedded } from '../config/go-types.ts'
import { configSchema } from '../config/schema.ts'
import { formatFloat } from './yaml/numbers.ts'
import type { RuleCode } from './rules.ts'
import type { Complaint } from './rule.ts'
import { formatPath, type Path } from './path.ts'
import { defaultOf, inner } from './schema-walk.ts'

export interface Note extends Complaint {
  readonly code: RuleCode
}

/** Where a value is. */
interface Place {
  /** as it is written in the file */
  readonly path: Path
  /** the same with the names of the fields */
  readonly field: Path
  /** Numbers become texts where a text is wanted. */
  readonly coerces: boolean
}

const ROOT: Place = { path: [], field: [], coerces: true }

const below = ({ path, field, coerces }: Place, key: string | number, name = key): Place => ({
  path: [...path, key],
  field: [...field, name],
  coerces,
})

/**
 * Converts plain data as the installer's decoder does. The decoder accepts more than the types say: keys in any case, an
 * unquoted number or boolean in place of a text, and `null` in place of any value. A conversion that may surprise the user is
 * added to `notes`.
 * https://github.com/kubernetes-sigs/yaml/blob/v1.3.0/yaml.go, https://pkg.go.dev/encoding/json#Unmarshal
 */
export function decode(value: unknown, schema: z.ZodType, notes: Note[], place = ROOT): unknown {
  const target = inner(schema)
  if (target instanceof z.ZodObject && isRecord(value)) return decodeMap(value, target, notes, place)
  if (target instanceof z.ZodArray && Array.isArray(value)) {
    const element = target.element as z.ZodType
    return value.map((item, index) => decodeElement(item, element, notes, below(place, index)))
  }
  if (target instanceof z.ZodRecord && isRecord(value)) {
    const element = target.valueType as z.ZodType
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      decodeElement(item, element, notes, below(place, key)),
    ])
    return Object.fromEntries(entries)
  }
  if (typeof value === 'bigint' && !isText(target)) return decodeBig(value, target)
  if (!place.coerces || !isText(target) || typeof value === 'string' || typeof value === 'object')
    return value
  return decodeText(value as number | bigint | boolean, notes, place.path)
}

/** Quantities and durations take any number, whole numbers 64 bits. */
function decodeBig(value: bigint, target: z.ZodType): number | bigint {
  const fits = target instanceof z.ZodUnion || value === BigInt.asIntN(64, value)
  return fits ? Number(value) : value
}

/** Go puts the zero value of the type into a list or a map in place of `null`. */
function decodeElement(item: unknown, element: z.ZodType, notes: Note[], place: Place): unknown {
  return item === null ? emptyOf(element) : decode(item, element, notes, place)
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

function decodeMap(map: object, schema: z.ZodObject, notes: Note[], place: Place): object {
  const fields = Object.keys(schema.shape)
  const entries = new Map<string, unknown>()
  // Go writes maps with sorted keys, so of two keys that differ only in their case the last one in this order counts.
  for (const key of Object.keys(map).sort()) {
    const value = (map as Record<string, unknown>)[key]
    const name = fields.includes(key) ? key : inOtherCase(schema, fields, key)
    if (name === undefined) {
      entries.set(key, value)
      continue
    }
    const part = schema.shape[name] as z.ZodType
    const here = { ...below(place, key, name), coerces: place.coerces && !isEmbedded(part) }
    if (name !== key) notes.push(otherCase(here.path, name))
    if (value !== null) entries.set(name, together(entries.get(name), decode(value, part, notes, here)))
    else if (isUnset(here, part, notes)) entries.set(name, false)
  }
  return Object.fromEntries(entries)
}

/** The installer deletes `apiVersion` in this case only. */
function inOtherCase(schema: z.ZodObject, fields: readonly string[], key: string): string | undefined {
  const name = fields.find(field => field.toLowerCase() === key.toLowerCase())
  return schema === configSchema && name === 'apiVersion' ? undefined : name
}

/** Two keys that differ only in their case fill the same struct. */
function together(one: unknown, other: unknown): unknown {
  return isRecord(one) && isRecord(other) ? { ...one, ...other } : other
}

/** Fields that Go sets to nothing by `null`, although they have a default: they count as false. */
const UNSET_BY_NULL: ReadonlySet<string> = new Set(['database.inCluster', 'objectStorage.inCluster'])
/** Fields that `null` sets to nothing, which is refused. */
const REQUIRED: ReadonlySet<string> = new Set([
  'containerRegistry.inCluster',
  'objectStorage.resources.requests',
  'workspace.resources.requests',
  'workspace.maxLifetime',
])

/** True if `null` makes the field false. In most cases it leaves a field as it is. */
function isUnset({ path, field }: Place, part: z.ZodType, notes: Note[]): boolean {
  const [name, hint] = [formatPath(field), 'write a value, or leave the field out']
  const unset = UNSET_BY_NULL.has(name)
  const standard = defaultOf(part)
  if (REQUIRED.has(name)) notes.push({ code: 'required', path, message: 'it is empty', hint })
  else if (standard !== undefined) {
    const message = unset
      ? 'with nothing here the installer counts it as false'
      : `with nothing here ${JSON.stringify(standard)} stays`
    notes.push({ code: 'null-value', path, message, hint })
  }
  return unset
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

function emptyOf(schema: z.ZodType): unknown {
  const target = inner(schema)
  if (target instanceof z.ZodObject || target instanceof z.ZodRecord) return {}
  if (target instanceof z.ZodArray) return []
  if (target instanceof z.ZodBoolean) return false
  return isText(target) ? '' : 0
}
