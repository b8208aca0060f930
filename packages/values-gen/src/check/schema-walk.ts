import { z } from 'zod'
import { configSchema } from '../config/schema.ts'
import type { Path } from './path.ts'

/** A schema without what says that it may be absent. */
export function inner(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? inner(schema.unwrap() as z.ZodType)
    : schema
}

/** The schema of what is at a path; undefined if the installer knows nothing. */
export function schemaAt(path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>(step, configSchema)
}

function step(schema: z.ZodType | undefined, part: string | number): z.ZodType | undefined {
  const here = schema && inner(schema)
  if (here instanceof z.ZodArray) return here.element as z.ZodType
  return here instanceof z.ZodObject && Object.hasOwn(here.shape, part) ? here.shape[part] : undefined
}

/** The defaults of the installer. */
export function defaultOf(schema: z.ZodType | undefined): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined
}

/** The fields of the map at a path. */
export function fieldsAt(path: Path): string[] {
  const schema = schemaAt(path)
  const here = schema && inner(schema)
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

/** Every path of fields below a schema, lists left out. */
export function fieldPaths(path: readonly string[] = []): string[][] {
  return fieldsAt(path).flatMap(key => [[...path, key], ...fieldPaths([...path, key])])
}
