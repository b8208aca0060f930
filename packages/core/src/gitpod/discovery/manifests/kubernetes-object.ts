import { isRecord } from '@gpreg/oci/engine'

/** An object as Kubernetes stores it. Only `apiVersion` and `kind` are sure to be what they should be. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata?: unknown
  readonly spec?: unknown
  readonly status?: unknown
}

/** An object, and the steps to it from the root of its document. */
export interface PlacedObject {
  readonly object: KubernetesObject
  readonly steps: readonly (string | number)[]
}

export function isKubernetesObject(value: unknown): value is KubernetesObject {
  return isRecord(value) && isText(value.apiVersion) && isText(value.kind)
}

/**
 * The objects of a document: itself, the items of a `List`, the entries of an array. Undefined if it is none.
 * The API leaves kind and version out in the items of a typed list, such as `PodList`.
 */
export function objectsIn(
  value: unknown,
  steps: PlacedObject['steps'] = [],
): readonly PlacedObject[] | undefined {
  if (Array.isArray(value)) {
    const lists = value.map((item, index) => objectsIn(item, [...steps, index]))
    return lists.length > 0 && lists.every(list => list !== undefined) ? lists.flat() : undefined
  }
  if (!isKubernetesObject(value)) return undefined
  const { apiVersion, kind } = value
  const items = (value as { readonly items?: unknown }).items
  if (!kind.endsWith('List') || !Array.isArray(items)) return [{ object: value, steps }]
  return items.flatMap((item, index) => {
    const typed = isRecord(item) ? { apiVersion, kind: kind.slice(0, -'List'.length), ...item } : item
    return objectsIn(typed, [...steps, 'items', index]) ?? []
  })
}

/** `Deployment/server`, or the kind alone if the object has no name. */
export function titleOf({ kind, metadata }: KubernetesObject): string {
  const name = isRecord(metadata) ? (metadata.name ?? metadata.generateName) : undefined
  return isText(name) ? `${kind}/${name}` : kind
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
