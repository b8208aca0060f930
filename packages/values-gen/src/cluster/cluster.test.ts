import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { formatObjects } from './format.ts'
import { parseIdentity } from './identity.ts'
import { jobManifests } from './job.ts'
import type { JobRequest, KubernetesObject, ServeRequest } from './request.ts'
import { serveManifests } from './serve.ts'
import { kubernetesSchema } from './testing/kubernetes-schema.ts'

const common = {
  name: 'gpreg-mirror',
  image: 'registry.internal/gitpod/gpreg:0.1.0',
  version: '0.1.0',
  args: [],
}
const job: JobRequest = {
  ...common,
  to: 'registry.internal/gitpod',
  kubernetes: 21,
  lock: '{"kind":"Lock"}\n',
}
const serve: ServeRequest = { ...common, name: 'gpreg-registry', claim: 'bundles', path: 'gitpod.tar' }

/** All that a request can ask for. */
const everything: JobRequest = {
  ...job,
  namespace: 'mirror',
  credentials: 'registry-login',
  identity: parseIdentity('azure=12345678-90ab-cdef-1234-567890abcdef'),
  authorities: '-----BEGIN CERTIFICATE-----\n',
  journalClaim: 'journal',
  deadline: 3600,
  args: ['--limit-rate', '20MiB'],
}

/** What kubectl reads: the YAML of version 1.1, parsed. */
const applied = (objects: readonly KubernetesObject[]) =>
  parseAllDocuments(formatObjects(objects), { version: '1.1' }).map(
    document => document.toJS() as KubernetesObject,
  )

// eslint-disable-next-line @typescript-eslint/no-explicit-any
const only = (objects: readonly KubernetesObject[], kind: string): any =>
  applied(objects).find(object => object.kind === kind)

describe.each(['1.21', '1.34'] as const)('Kubernetes %s', version => {
  const kubernetes = Number(version.slice(2))
  const requests: Record<string, readonly KubernetesObject[]> = {
    'a Job': jobManifests({ ...job, kubernetes }),
    'a Job with everything': jobManifests({ ...everything, kubernetes }),
    'a CronJob': jobManifests({ ...everything, kubernetes, schedule: '0 3 * * *' }),
    'a registry': serveManifests(serve),
    'a registry with TLS and users': serveManifests({ ...serve, tls: 'tls', htpasswd: 'users' }),
    ...(kubernetes < 24 ? {} : { 'an Indexed Job': jobManifests({ ...everything, kubernetes, shards: 3 }) }),
  }
  it.each(Object.entries(requests))('takes the fields of %s, and knows them all', (_, objects) => {
    for (const object of applied(objects))
      expect(kubernetesSchema(version, object.kind).safeParse(object).error).toBeUndefined()
  })
})

it('is checked strictly: a field of a later version is refused by the earlier one', () => {
  const later = only(jobManifests({ ...job, kubernetes: 34 }), 'Job')
  expect(kubernetesSchema('1.34', 'Job').safeParse(later).success).toBe(true)
  expect(kubernetesSchema('1.21', 'Job').safeParse(later).error?.message).toContain('podFailurePolicy')
})

it.each([
  ['Job', jobManifests(everything)],
  ['Deployment', serveManifests(serve)],
])('the pods of a %s keep the restricted standard', (kind, objects) => {
  const { spec } = only(objects, kind).spec.template
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  })
  const kinds = spec.volumes.map((volume: object) => Object.keys(volume)[1])
  for (const each of kinds)
    expect(['emptyDir', 'configMap', 'secret', 'persistentVolumeClaim']).toContain(each)
  const named = new Set(spec.volumes.map(({ name }: { name: string }) => name))
  for (const { name } of spec.containers[0].volumeMounts) expect(named).toContain(name)
})

it('mounts what the arguments and variables name', () => {
  const { spec, metadata } = only(jobManifests(everything), 'Job').spec.template
  const [container] = spec.containers
  expect(container.args).toEqual([
    ...['mirror', '--lock', '/etc/gpreg/lock/gpreg.lock.json', '--to', 'registry.internal/gitpod'],
    ...['--ca-file', '/etc/gpreg/ca/ca.crt', '--limit-rate', '20MiB'],
  ])
  expect(container.env).toContainEqual({ name: 'DOCKER_CONFIG', value: '/etc/gpreg/auth' })
  expect(spec.volumes).toEqual([
    { name: 'tmp', emptyDir: {} },
    { name: 'state', persistentVolumeClaim: { claimName: 'journal' } },
    { name: 'lock', configMap: { name: 'gpreg-mirror-lock' } },
    { name: 'ca', configMap: { name: 'gpreg-mirror-ca' } },
    {
      name: 'auth',
      secret: { secretName: 'registry-login', items: [{ key: '.dockerconfigjson', path: 'config.json' }] },
    },
  ])
  expect(metadata.labels['azure.workload.identity/use']).toBe('true')
  expect(spec.serviceAccountName).toBe('gpreg-mirror')
})

it.each([
  ['aws=arn:aws:iam::123456789012:role/gpreg', 'eks.amazonaws.com/role-arn'],
  ['gcp=gpreg@project.iam.gserviceaccount.com', 'iam.gke.io/gcp-service-account'],
  ['azure=12345678-90ab-cdef-1234-567890abcdef', 'azure.workload.identity/client-id'],
])('%s ties the service account to an identity', (text, annotation) => {
  const { metadata } = only(jobManifests({ ...job, identity: parseIdentity(text) }), 'ServiceAccount')
  expect(metadata.annotations).toEqual({ [annotation]: text.slice(text.indexOf('=') + 1) })
})

it('a failure that another try does not mend ends the Job, from 1.26 on', () => {
  expect(only(jobManifests({ ...job, kubernetes: 25 }), 'Job').spec.podFailurePolicy).toBeUndefined()
  const { rules } = only(jobManifests({ ...job, kubernetes: 26 }), 'Job').spec.podFailurePolicy
  expect(rules[0]).toMatchObject({ action: 'FailJob', onExitCodes: { values: [2, 5] } })
  expect(rules[1]).toMatchObject({
    action: 'Ignore',
    onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
  })
})

it('pods share the work of an Indexed Job, from 1.24 on', () => {
  const { spec } = only(jobManifests({ ...job, kubernetes: 24, shards: 3 }), 'Job')
  expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 3, parallelism: 3 })
  expect(spec.template.spec.containers[0].args.join(' ')).toContain('--shard 3')
  expect(() => jobManifests({ ...job, kubernetes: 23, shards: 3 })).toThrow('Indexed Job')
})

it('a run of a CronJob waits for the last one', () => {
  const { spec } = only(jobManifests({ ...job, schedule: '@daily' }), 'CronJob')
  expect(spec).toMatchObject({ schedule: '@daily', concurrencyPolicy: 'Forbid' })
  expect(spec.jobTemplate.spec.template.spec.restartPolicy).toBe('Never')
})

it('a lock that is too large for a ConfigMap is compressed, and one that is too large even then is refused', () => {
  const lock = `${'a line of a lock\n'.repeat(100_000)}`
  const [map] = jobManifests({ ...job, lock })
  const data = map?.['binaryData'] as Record<string, string>
  expect(gunzipSync(Buffer.from(data['gpreg.lock.json.gz'] ?? '', 'base64')).toString()).toBe(lock)
  const { args } = only(jobManifests({ ...job, lock }), 'Job').spec.template.spec.containers[0]
  expect(args).toContain('/etc/gpreg/lock/gpreg.lock.json.gz')
  const random = randomBytes(2 * 1024 * 1024).toString('base64')
  expect(() => jobManifests({ ...job, lock: random })).toThrow('a ConfigMap holds 1 MiB')
})

it('a registry without TLS and users is read-only', () => {
  const container = (request: ServeRequest) =>
    only(serveManifests(request), 'Deployment').spec.template.spec.containers[0]
  expect(container(serve).args).toContain('--read-only')
  expect(container({ ...serve, tls: 'tls' }).args).toContain('--read-only')
  const writable = container({ ...serve, tls: 'tls', htpasswd: 'users' })
  expect(writable.args).not.toContain('--read-only')
  expect(writable.readinessProbe.httpGet).toEqual({ path: '/healthz', port: 'registry', scheme: 'HTTPS' })
  expect(only(serveManifests(serve), 'Service').spec.selector).toEqual(
    only(serveManifests(serve), 'Deployment').spec.selector.matchLabels,
  )
})

it.each([
  () => jobManifests({ ...job, name: 'Upper' }),
  () => jobManifests({ ...job, name: 'x'.repeat(53) }),
  () => jobManifests({ ...job, namespace: 'a.b' }),
  () => jobManifests({ ...job, credentials: 'no_underscores' }),
  () => serveManifests({ ...serve, claim: '-x' }),
  () => parseIdentity('aws=gpreg'),
  () => parseIdentity('azure'),
])('what Kubernetes or a cloud would refuse is refused at once (%#)', make => {
  expect(make).toThrow(expect.objectContaining({ code: 'usage', hint: expect.any(String) }))
})
