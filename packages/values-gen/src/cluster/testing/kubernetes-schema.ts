import { z } from 'zod'
import oldest from './kubernetes-1.21.json' with { type: 'json' }
import newest from './kubernetes-1.34.json' with { type: 'json' }

/**
 * The fields of the objects of Kubernetes that gpreg writes, and of all types below them, by the version. After a field stands its
 * type: `name[]` is a list and `name{}` a map from texts; `!` marks a field that is required. Status fields are left open.
 * https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/
 */
const TYPES = { '1.21': oldest, '1.34': newest } as const

const quantity = z.string().regex(/^\d+(?:\.\d+)?(?:m|k|[KMGTPE]i?)?$/)

const BASIC: Readonly<Record<string, z.ZodType>> = {
  any: z.unknown(),
  string: z.string(),
  bool: z.boolean(),
  int: z.number().int(),
  quantity,
  intOrString: z.union([z.number().int(), z.string()]),
}

/** The schema of a kind, as strict as `kubectl apply --validate=strict`: unknown fields are refused. */
export function kubernetesSchema(version: keyof typeof TYPES, kind: string): z.ZodType {
  const types: Readonly<Record<string, string>> = TYPES[version]
  const made = new Map<string, z.ZodType>()
  const typeOf = (name: string): z.ZodType => {
    if (name.endsWith('[]')) return z.array(typeOf(name.slice(0, -2)))
    if (name.endsWith('{}')) return z.record(z.string(), typeOf(name.slice(0, -2)))
    const known = BASIC[name] ?? made.get(name)
    if (known !== undefined) return known
    // Types may name themselves below, so a field looks its type up when it is read.
    const schema = z.lazy(() => struct(types[name]))
    made.set(name, schema)
    return schema
  }
  const struct = (fields: string | undefined) => {
    if (fields === undefined) throw new TypeError(`Kubernetes ${version} has no such type below ${kind}`)
    return z.strictObject(Object.fromEntries(fields.split(' ').map(fieldOf)))
  }
  const fieldOf = (text: string): [string, z.ZodType] => {
    const [, name = '', required, type = ''] = /^([^!:]+)(!?):(.+)$/.exec(text) ?? []
    return [name, required === '!' ? typeOf(type) : typeOf(type).optional()]
  }
  return typeOf(kind)
}
