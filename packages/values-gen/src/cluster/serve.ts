import { assertNames, assertReferences, labelsOf, metadataOf, selectorOf } from './names.ts'
import { claimMount, podSpec, scratch, secretMount, type ContainerParts } from './pod.ts'
import type { KubernetesObject, ServeRequest } from './request.ts'

const COMPONENT = 'serve'
const PORT = 5000
const DATA_PATH = '/var/lib/gpreg'
const TLS_PATH = '/etc/gpreg/tls'
const USERS_PATH = '/etc/gpreg/htpasswd'

/**
 * The Deployment and the Service of a registry that serves a bundle or a layout from a claim. It is read-only, unless it has TLS and
 * users.
 * @throws `usage`
 */
export function serveManifests(request: ServeRequest): KubernetesObject[] {
  assertNames(request)
  assertReferences({
    '--claim': request.claim,
    '--tls-secret': request.tls,
    '--htpasswd-secret': request.htpasswd,
  })
  const selector = selectorOf(request, COMPONENT)
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadataOf(request, COMPONENT),
      spec: {
        replicas: 1,
        // One process at a time may write a layout, and many volumes are for one node at a time.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: labelsOf(request, COMPONENT) },
          spec: podSpec(request, container(request)),
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf(request, COMPONENT),
      spec: { selector, ports: [{ name: 'registry', port: PORT, targetPort: 'registry' }] },
    },
  ]
}

function container(request: ServeRequest): ContainerParts {
  const { claim, path, tls, htpasswd, args } = request
  const isReadOnly = tls === undefined || htpasswd === undefined
  const httpGet = { path: '/healthz', port: 'registry', scheme: tls === undefined ? 'HTTP' : 'HTTPS' }
  return {
    args: [
      'serve',
      `${DATA_PATH}/${path.replace(/^\/+/, '')}`,
      ...['--listen', `0.0.0.0:${PORT}`],
      ...(isReadOnly ? ['--read-only'] : []),
      ...(tls === undefined ? [] : ['--tls-cert', `${TLS_PATH}/tls.crt`, '--tls-key', `${TLS_PATH}/tls.key`]),
      ...(htpasswd === undefined ? [] : ['--htpasswd', `${USERS_PATH}/htpasswd`]),
      ...args,
    ],
    env: { XDG_CACHE_HOME: '/tmp' },
    mounts: [
      scratch('tmp', '/tmp'),
      claimMount('data', DATA_PATH, claim, isReadOnly),
      ...(tls === undefined ? [] : [secretMount('tls', TLS_PATH, tls)]),
      ...(htpasswd === undefined ? [] : [secretMount('htpasswd', USERS_PATH, htpasswd)]),
    ],
    more: {
      ports: [{ name: 'registry', containerPort: PORT }],
      // The names of a large bundle are read before it listens.
      startupProbe: { httpGet, periodSeconds: 5, failureThreshold: 60 },
      readinessProbe: { httpGet, periodSeconds: 10 },
      livenessProbe: { httpGet, periodSeconds: 20, failureThreshold: 6 },
    },
  }
}
