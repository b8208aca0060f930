import { z } from 'zod'
import { configSchema } from '../config/schema.ts'
import type { Path } from './path.ts'

/** The schema inside any number of `optional` and `default` wrappers. */
export function inner(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? inner(schema.unwrap() as z.ZodType)
    : schema
}

/** The schema of the field at a path; undefined if the installer has no such field. */
export function schemaAt(path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>(step, configSchema)
}

function step(schema: z.ZodType | undefined, part: string | number): z.ZodType | undefined {
  const here = schema && inner(schema)
  if (here instanceof z.ZodArray) return here.element as z.ZodType
  return here instanceof z.ZodObject && Object.hasOwn(here.shape, part) ? here.shape[part] : undefined
}

/** The installer's default for a field; undefined if it has none. */
export function defaultOf(schema: z.ZodType | undefined): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined
}

/** The fields of the map at a path. */
export function fieldsAt(path: Path): string[] {
  const schema = schemaAt(path)
  const here = schema && inner(schema)
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

/** The paths of all fields below a path, without the fields inside lists. */
export function fieldPaths(path: readonly string[] = []): string[][] {
  return fieldsAt(path).flatMap(key => [[...path, key], ...fieldPaths([...path, key])])
}
