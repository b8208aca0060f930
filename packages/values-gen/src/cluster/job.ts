import { GpregError } from '@gpreg/oci'
import { fileData, type FileData } from './config-map.ts'
import { identityAnnotations, identityLabels } from './identity.ts'
import { assertNames, assertReferences, labelsOf, metadataOf } from './names.ts'
import { claimMount, podSpec, scratch, secretMount, type ContainerParts, type Mount } from './pod.ts'
import type { JobRequest, KubernetesObject } from './request.ts'

const COMPONENT = 'mirror'
const LOCK_PATH = '/etc/gpreg/lock'
const AUTH_PATH = '/etc/gpreg/auth'
const CA_PATH = '/etc/gpreg/ca'
const STATE_PATH = '/var/lib/gpreg'

/** Pods that may fail for each that must succeed. */
const TRIES = 4

/** Seconds that a finished Job is kept, with its log. */
const KEPT = 24 * 60 * 60

/** Exit codes that another try does not mend: wrong usage, and a login that is refused. */
const FINAL_EXIT_CODES = [2, 5]

/** The minor versions of Kubernetes 1 from which fields are there without a feature gate. */
const SINCE = { indexedJob: 24, podFailurePolicy: 26 } as const

/**
 * The objects of a Job that mirrors, or of a CronJob if there is a schedule: what it mounts comes first.
 * @throws `usage`, `limit-exceeded` for a lock that no ConfigMap holds
 */
export function jobManifests(request: JobRequest): KubernetesObject[] {
  assertNames(request)
  assertReferences({ '--credentials': request.credentials, '--journal-claim': request.journalClaim })
  assertShards(request)
  const lock = request.lock === undefined ? undefined : fileData('gpreg.lock.json', request.lock)
  const { authorities, identity, schedule } = request
  const ca = authorities === undefined ? undefined : fileData('ca.crt', authorities)
  return [
    ...(lock === undefined ? [] : [configMap(request, '-lock', lock)]),
    ...(ca === undefined ? [] : [configMap(request, '-ca', ca)]),
    ...(identity === undefined ? [] : [serviceAccount(request, identityAnnotations(identity))]),
    schedule === undefined ? job(request, lock) : cronJob(request, schedule, lock),
  ]
}

function job(request: JobRequest, lock: FileData | undefined): KubernetesObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(request, COMPONENT),
    spec: jobSpec(request, lock),
  }
}

function cronJob(request: JobRequest, schedule: string, lock: FileData | undefined): KubernetesObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadataOf(request, COMPONENT),
    spec: {
      schedule,
      // Two runs would send the same blobs.
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: { metadata: { labels: labelsOf(request, COMPONENT) }, spec: jobSpec(request, lock) },
    },
  }
}

function jobSpec(request: JobRequest, lock: FileData | undefined) {
  const { kubernetes, shards = 1, deadline, identity, name } = request
  return {
    backoffLimit: TRIES * shards,
    ...(deadline === undefined ? {} : { activeDeadlineSeconds: deadline }),
    ttlSecondsAfterFinished: KEPT,
    ...(shards === 1 ? {} : { completionMode: 'Indexed', completions: shards, parallelism: shards }),
    ...(kubernetes < SINCE.podFailurePolicy ? {} : { podFailurePolicy: { rules: FAILURE_RULES } }),
    template: {
      metadata: { labels: { ...labelsOf(request, COMPONENT), ...identityLabels(identity) } },
      spec: {
        restartPolicy: 'Never',
        ...(identity === undefined ? {} : { serviceAccountName: name }),
        // The registry of the images may be that of gpreg's own image.
        ...(request.credentials === undefined ? {} : { imagePullSecrets: [{ name: request.credentials }] }),
        ...podSpec(request, container(request, lock)),
      },
    },
  }
}

const FAILURE_RULES = [
  {
    action: 'FailJob',
    onExitCodes: { containerName: 'gpreg', operator: 'In', values: FINAL_EXIT_CODES },
  },
  // A pod that the cluster evicts has not failed by itself.
  { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
]

function container(request: JobRequest, lock: FileData | undefined): ContainerParts {
  const { to, name, args, shards = 1, credentials, authorities, journalClaim } = request
  const fromMap = (suffix: string, path: string): Mount => ({
    name: suffix.slice(1),
    path,
    isReadOnly: true,
    source: { configMap: { name: `${name}${suffix}` } },
  })
  return {
    args: [
      'mirror',
      ...(lock === undefined ? [] : ['--lock', `${LOCK_PATH}/${lock.fileName}`]),
      ...['--to', to],
      ...(authorities === undefined ? [] : ['--ca-file', `${CA_PATH}/ca.crt`]),
      ...(shards === 1 ? [] : ['--shard', String(shards)]),
      ...args,
    ],
    env: {
      XDG_CACHE_HOME: '/tmp',
      XDG_STATE_HOME: STATE_PATH,
      ...(credentials === undefined ? {} : { DOCKER_CONFIG: AUTH_PATH }),
    },
    mounts: [
      scratch('tmp', '/tmp'),
      journalClaim === undefined
        ? scratch('state', STATE_PATH)
        : claimMount('state', STATE_PATH, journalClaim, false),
      ...(lock === undefined ? [] : [fromMap('-lock', LOCK_PATH)]),
      ...(authorities === undefined ? [] : [fromMap('-ca', CA_PATH)]),
      ...(credentials === undefined
        ? []
        : [secretMount('auth', AUTH_PATH, credentials, { '.dockerconfigjson': 'config.json' })]),
    ],
  }
}

function configMap(request: JobRequest, suffix: string, { fields }: FileData): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(request, COMPONENT, suffix), ...fields }
}

function serviceAccount(request: JobRequest, annotations: Record<string, string>): KubernetesObject {
  const metadata = { ...metadataOf(request, COMPONENT), annotations }
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false }
}

function assertShards({ shards = 1, kubernetes }: JobRequest): void {
  if (shards === 1 || kubernetes >= SINCE.indexedJob) return
  throw new GpregError(
    'usage',
    `--shards needs an Indexed Job, which Kubernetes has from 1.${SINCE.indexedJob} on`,
    {
      hint: `name the version of the cluster, e.g. --kubernetes 1.${SINCE.indexedJob}, or leave out --shards`,
    },
  )
}
