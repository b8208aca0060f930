import { GATEWAY } from './containerd.ts'

/** What the pods of a Job are told. */
export interface MirrorJob {
  readonly name: string
  readonly namespace: string
  readonly image: string
  readonly shards: number
  readonly lock: string
  /** port of the source registry, at the gateway of the pods */
  readonly source: string
  /** port of the target registry, at the gateway of the pods */
  readonly target: string
  /** more arguments of `gpreg mirror` */
  readonly args?: readonly string[]
}

/** The objects of an Indexed Job whose pods mirror a lock in shards, as Pod Security's `restricted` admits them. */
export function mirrorJob({
  name,
  namespace,
  image,
  shards,
  lock,
  source,
  target,
  args = [],
}: MirrorJob): object[] {
  const metadata = { name, namespace }
  const [from, to] = [`${GATEWAY}:${source}`, `${GATEWAY}:${target}`]
  const container = {
    name: 'gpreg',
    image,
    args: [
      ...[
        'mirror',
        '--lock',
        '/lock/gpreg.lock.json',
        '--to',
        `${to}/${name}`,
        '--shard',
        `${shards}`,
        '--json',
      ],
      ...['--source-mirror', `docker.io=${from}/docker.io`, '--plain-http', from, '--plain-http', to],
      ...args,
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'lock', mountPath: '/lock', readOnly: true }],
  }
  const pod = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
    volumes: [{ name: 'lock', configMap: { name } }],
  }
  const spec = {
    completionMode: 'Indexed',
    completions: shards,
    parallelism: shards,
    podFailurePolicy: {
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    },
    template: { spec: pod },
  }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'gpreg.lock.json': lock } },
    { apiVersion: 'batch/v1', kind: 'Job', metadata, spec },
  ]
}
