import { GpregError } from '@gpreg/oci'
import type { CommonRequest } from './request.ts'

/** Letters of the longest name: Kubernetes adds eleven to the name of a CronJob for its Jobs, and takes 63 as a label. */
const MAX_NAME = 52

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** @throws `usage` for a name or a namespace that Kubernetes does not take */
export function assertNames({ name, namespace }: CommonRequest): void {
  if (!LABEL.test(name) || name.length > MAX_NAME) throw invalid('--name', name, `at most ${MAX_NAME}`)
  if (namespace !== undefined && (!LABEL.test(namespace) || namespace.length > 63))
    throw invalid('--namespace', namespace, 'at most 63')
}

/** @throws `usage` for the name of a Secret or a claim that Kubernetes does not take */
export function assertReferences(names: Readonly<Record<string, string | undefined>>): void {
  for (const [flag, name] of Object.entries(names))
    if (name !== undefined && (!SUBDOMAIN.test(name) || name.length > 253))
      throw invalid(flag, name, 'at most 253')
}

/** The metadata of an object. The labels are those that Kubernetes recommends. */
export function metadataOf(request: CommonRequest, component: string, suffix = '') {
  const { name, namespace } = request
  return {
    name: `${name}${suffix}`,
    ...(namespace === undefined ? {} : { namespace }),
    labels: labelsOf(request, component),
  }
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function labelsOf(request: CommonRequest, component: string): Record<string, string> {
  return { ...selectorOf(request, component), 'app.kubernetes.io/version': request.version }
}

/** The labels by which pods are found. They stay the same with every version. */
export function selectorOf({ name }: CommonRequest, component: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'gpreg',
    'app.kubernetes.io/instance': name,
    'app.kubernetes.io/component': component,
  }
}

function invalid(flag: string, text: string, length: string): GpregError {
  return new GpregError('usage', `${flag}: ${JSON.stringify(text)} is no name in Kubernetes`, {
    hint: `use lower case letters, digits and hyphens, ${length} of them, e.g. gpreg-mirror`,
  })
}
