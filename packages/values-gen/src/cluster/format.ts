import { stringify } from 'yaml'
import type { KubernetesObject } from './request.ts'

/** The YAML of one object. Kubernetes reads YAML 1.1, in which more words than `true` and `false` must be quoted. */
export function formatObject(object: KubernetesObject): string {
  return stringify(object, { lineWidth: 0, version: '1.1', aliasDuplicateObjects: false })
}

/** The YAML of all objects in one file. */
export function formatObjects(objects: readonly KubernetesObject[]): string {
  return objects.map(formatObject).join('---\n')
}

/** The name of the file of an object: `job-gpreg-mirror.yaml`. */
export function fileNameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind.toLowerCase()}-${metadata.name}.yaml`
}
