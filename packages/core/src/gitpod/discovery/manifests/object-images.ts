import { isRecord } from '@gpreg/oci/engine'
import { imagesInValue, type Doubt, type ValueImages } from '../walk/value-images.ts'
import { below } from '../walk/value-path.ts'
import { isText, type KubernetesObject } from './kubernetes-object.ts'

/** Finds the images that an object runs, or that it says in other ways. Of its status, only what a pod runs counts. */
export function imagesInObject(object: KubernetesObject): ValueImages {
  if (namesNoImages(object)) return NOTHING
  const { metadata, status, ...content } = object
  const annotations = isRecord(metadata) ? metadata.annotations : undefined
  const sureOnly = DESCRIBES_MACHINES.test(object.kind)
  const outputs = BUILDS.find(([type]) => type.test(`${object.apiVersion}/${object.kind}`))?.[1] ?? []
  const found = imagesInValue({ ...content, metadata: { annotations } }, { sureOnly, outputs })
  const running = object.kind === 'Pod' && isRecord(status) ? podStatus(status) : NOTHING
  return {
    mentions: [...found.mentions, ...running.mentions],
    // A status without a usable name is no fault: the spec has the name.
    doubts: found.doubts as Doubt[],
  }
}

const NOTHING: ValueImages = { mentions: [], doubts: [] }

/** An `image` of these is one of a virtual machine, or a path on a disk. KubeVirt's disks are container images. */
const DESCRIBES_MACHINES = /(?<!Virtual)Machine|Node(?:Class|Pool|Template)$/

/** Types of objects that build images, and the keys of what they push: OpenShift, also in its templates, Shipwright, Strimzi, kpack. */
const BUILDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^(?:(?:build|template)\.openshift|shipwright|kafka\.strimzi)\.io\/|^v1\/(?:Build(?:Config)?|Template)$/,
    ['output'],
  ],
  [/^kpack\.io\//, ['tag', 'additionalTags']],
]

/** Definitions have only descriptions; the objects of Flux that scan a registry name repositories to look at. */
function namesNoImages({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'CustomResourceDefinition' || apiVersion.startsWith('image.toolkit.fluxcd.io/')
}

const STATUSES = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const

function podStatus(status: Readonly<Record<string, unknown>>): ValueImages {
  const images = STATUSES.map(key => {
    const containers = status[key]
    return [
      key,
      Array.isArray(containers)
        ? containers.map(container => ({ image: (container as { image?: unknown } | null)?.image ?? null }))
        : [],
    ] as const
  })
  return imagesInValue(Object.fromEntries(images), { at: below(undefined, 'status') })
}

/** Controllers keep what they no longer run: these kinds of owners have the template that counts. */
const PERPETUAL: ReadonlySet<string> = new Set([
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
])

/** True for an object of a live cluster that its controller has replaced: its images are those of an earlier version. */
export function isSuperseded(object: KubernetesObject): boolean {
  const { kind, spec, status, metadata } = object
  const owners =
    isRecord(metadata) && Array.isArray(metadata.ownerReferences)
      ? metadata.ownerReferences.flatMap(owner => (isRecord(owner) && isText(owner.kind) ? owner.kind : []))
      : []
  const state = isRecord(status) ? status : {}
  if (kind === 'ControllerRevision') return true
  if (kind === 'ReplicaSet' || kind === 'ReplicationController')
    return owners.length > 0 && isRecord(spec) && String(spec.replicas) === '0'
  if (kind === 'Job') return owners.includes('CronJob') && hasEnded(state)
  if (kind === 'Pod')
    return (
      owners.some(owner => PERPETUAL.has(owner)) && (state.phase === 'Succeeded' || state.phase === 'Failed')
    )
  return false
}

function hasEnded({ conditions }: Readonly<Record<string, unknown>>): boolean {
  return (
    Array.isArray(conditions) &&
    conditions.some(
      condition =>
        isRecord(condition) &&
        /^(?:Complete|Failed)$/.test(String(condition.type)) &&
        /^true$/i.test(String(condition.status)),
    )
  )
}
