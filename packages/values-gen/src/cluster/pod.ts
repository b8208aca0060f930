import type { CommonRequest } from './request.ts'

/** The user of the image, which is its group, too. */
const USER = 65532

/** A volume and where the container sees it. */
export interface Mount {
  readonly name: string
  readonly path: string
  readonly isReadOnly: boolean
  /** the source of the volume, e.g. `{ emptyDir: {} }` */
  readonly source: Readonly<Record<string, unknown>>
}

/** What a container has besides what all have. */
export interface ContainerParts {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  /** further fields of the container: ports and probes */
  readonly more?: Readonly<Record<string, unknown>>
}

/** A place that the container can write to, and that ends with the pod. */
export const scratch = (name: string, path: string): Mount => ({
  name,
  path,
  isReadOnly: false,
  source: { emptyDir: {} },
})

export const secretMount = (
  name: string,
  path: string,
  secretName: string,
  items?: Readonly<Record<string, string>>,
): Mount => ({
  name,
  path,
  isReadOnly: true,
  source: {
    secret: {
      secretName,
      ...(items === undefined
        ? {}
        : { items: Object.entries(items).map(([key, file]) => ({ key, path: file })) }),
    },
  },
})

export const claimMount = (name: string, path: string, claimName: string, isReadOnly: boolean): Mount => ({
  name,
  path,
  isReadOnly,
  source: { persistentVolumeClaim: { claimName } },
})

/**
 * A pod for namespaces that enforce the level `restricted` of the Pod Security Standards.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function podSpec({ image }: CommonRequest, { args, env, mounts, more = {} }: ContainerParts) {
  return {
    // gpreg asks Kubernetes for nothing.
    automountServiceAccountToken: false,
    // The variables of a Service called gpreg would be taken for flags.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'gpreg',
        image,
        args,
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        ...more,
        resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: mounts.map(({ name, path, isReadOnly }) => ({
          name,
          mountPath: path,
          ...(isReadOnly ? { readOnly: true } : {}),
        })),
      },
    ],
    volumes: mounts.map(({ name, source }) => ({ name, ...source })),
  }
}
