import { z } from 'zod'
import gitpod from './gitpod-types.json' with { type: 'json' }
import kubernetes from './kubernetes-types.json' with { type: 'json' }
import { duration, int64, integer, quantity, time } from './schema-parts.ts'

/**
 * Fields of Go types, by the name of the type. After a field stands its type: `name[]` is a list and `name{}` a map from texts.
 * A `^` marks the fields that come from an embedded struct.
 * Kubernetes' API 1.24: https://pkg.go.dev/k8s.io/api@v0.24.4/core/v1#Pod;
 * Gitpod: https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/config/v1/experimental/experimental.go
 */
const STRUCTS: Readonly<Record<string, string>> = { ...kubernetes, ...gitpod }

export const serviceType = z.enum(['LoadBalancer', 'ClusterIP', 'NodePort', 'ExternalName'])

const BASIC: Readonly<Record<string, z.ZodType>> = {
  any: z.unknown(),
  string: z.string(),
  bool: z.boolean(),
  int32: integer(-(2 ** 31), 2 ** 31 - 1),
  uint32: integer(0, 2 ** 32 - 1),
  int64,
  uint64: integer(0, 2 ** 64),
  float64: z.number(),
  quantity,
  duration,
  time,
  intOrString: z.union([integer(-(2 ** 31), 2 ** 31 - 1), z.string()]),
  serviceType,
  samplerType: z.enum(['const', 'probabilistic', 'rateLimiting', 'remote']),
}

const embedded = new WeakSet<z.ZodType>()

/** True for a field of an embedded struct. In its value the installer makes no texts of numbers. */
export function isEmbedded(field: z.ZodType): boolean {
  return embedded.has(field)
}

const made = new Map<string, z.ZodType>()

/** The schema of a Go type that {@link STRUCTS} has. All its fields are optional, as for Go's JSON decoder. */
export function goType(name: string): z.ZodType {
  const known = made.get(name) ?? BASIC[name]
  if (known !== undefined) return known
  const schema = name.endsWith('[]')
    ? z.array(goType(name.slice(0, -2)))
    : name.endsWith('{}')
      ? z.record(z.string(), goType(name.slice(0, -2)))
      : struct(name)
  made.set(name, schema)
  return schema
}

function struct(name: string): z.ZodType {
  const fields = STRUCTS[name]?.split(' ') ?? []
  return z.strictObject(
    Object.fromEntries(
      fields.map(field => {
        const [key = '', type = ''] = field.replace('^', '').split(':')
        const schema = goType(type).optional()
        if (field.startsWith('^')) embedded.add(schema)
        return [key, schema]
      }),
    ),
  )
}
