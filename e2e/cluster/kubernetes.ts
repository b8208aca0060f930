import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { mustRun } from '../support/process.ts'
import type { Sandbox } from './sandbox.ts'

/** A cluster of one node. */
export interface Cluster {
  /** Runs kubectl. @returns its output */
  kubectl(args: readonly string[], stdin?: string): Promise<string>
  /** Reads an object, or a list of objects, as JSON. */
  get<T = any>(...args: readonly string[]): Promise<T> // eslint-disable-line @typescript-eslint/no-explicit-any -- the API has no types here
  /** Looks again and again until the answer is not undefined. */
  until<T>(look: () => Promise<T | undefined>): Promise<T>
}

const TOKEN = 'the-only-user'
const SERVER = 'https://127.0.0.1:6443'
const ETCD = 'http://127.0.0.1:2379'
const PEERS = 'http://127.0.0.1:2380'

/** The longest wait for anything in the cluster, in milliseconds: the processor may be shared. */
const PATIENCE = 180_000

/**
 * Starts etcd, the API server, the controllers, the scheduler and a kubelet.
 * @param kube the program that has them all
 * @param socket of containerd
 */
export async function startCluster(
  sandbox: Sandbox,
  directory: string,
  kube: string,
  socket: string,
): Promise<Cluster> {
  const files = await writeFiles(directory, socket)
  sandbox.start(kube, [
    ...['etcd', '--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync'],
    ...['--listen-client-urls', ETCD, '--advertise-client-urls', ETCD],
    ...['--listen-peer-urls', PEERS, '--initial-advertise-peer-urls', PEERS],
    ...['--initial-cluster', `default=${PEERS}`],
  ])
  sandbox.start(kube, [
    ...['kube-apiserver', '--etcd-servers', ETCD, '--bind-address', '127.0.0.1', '--secure-port', '6443'],
    ...[
      '--advertise-address',
      '127.0.0.1',
      '--endpoint-reconciler-type',
      'none',
      '--cert-dir',
      files.certificates,
    ],
    ...['--service-account-key-file', files.key, '--service-account-signing-key-file', files.key],
    ...['--service-account-issuer', 'https://kubernetes.default.svc', '--token-auth-file', files.tokens],
    ...['--authorization-mode', 'Node,RBAC', '--service-cluster-ip-range', '10.96.0.0/24'],
  ])
  const kubectl = (args: readonly string[], stdin?: string) =>
    sandbox.run(kube, ['kubectl', '--kubeconfig', files.kubeconfig, ...args], stdin)
  const cluster: Cluster = {
    kubectl,
    get: async (...args) => JSON.parse(await kubectl(['get', ...args, '-o', 'json'])),
    until,
  }
  await until(() => kubectl(['get', '--raw', '/readyz']).catch(() => undefined))
  const client = ['--kubeconfig', files.kubeconfig]
  sandbox.start(kube, [
    ...['kube-controller-manager', ...client, '--leader-elect=false', '--bind-address', '127.0.0.1'],
    ...['--service-account-private-key-file', files.key],
  ])
  sandbox.start(kube, ['kube-scheduler', ...client, '--leader-elect=false', '--bind-address', '127.0.0.1'])
  sandbox.start(kube, [
    ...['kubelet', ...client, '--config', files.kubelet, '--root-dir', join(directory, 'kubelet')],
    ...['--cert-dir', files.certificates, '--hostname-override', 'node', '--node-ip', '127.0.0.1'],
  ])
  await until(async () => {
    const node = await cluster.get('nodes', 'node').catch(() => undefined)
    const conditions: { type: string; status: string }[] = node?.status?.conditions ?? []
    return conditions.find(({ type, status }) => type === 'Ready' && status === 'True')
  })
  return cluster
}

async function writeFiles(directory: string, socket: string) {
  const at = (name: string) => join(directory, name)
  const files = {
    certificates: at('certificates'),
    key: at('accounts.key'),
    tokens: at('tokens.csv'),
    kubeconfig: at('kubeconfig'),
    kubelet: at('kubelet.json'),
  }
  await mkdir(files.certificates, { recursive: true })
  await mustRun('openssl', ['genrsa', '-out', files.key, '2048'])
  await writeFile(files.tokens, `${TOKEN},admin,admin,"system:masters"\n`)
  const cluster = { server: SERVER, 'insecure-skip-tls-verify': true }
  await writeJson(files.kubeconfig, {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster }],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin' } }],
    'current-context': 'local',
  })
  await writeJson(files.kubelet, {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '127.0.0.1',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    containerRuntimeEndpoint: `unix://${socket}`,
    enforceNodeAllocatable: [],
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // This machine may have the first version of cgroups only, and swap.
    failCgroupV1: false,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    podLogsDir: at('logs'),
    resolvConf: '',
  })
  return files
}

async function writeJson(path: string, document: object): Promise<void> {
  await writeFile(path, JSON.stringify(document))
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`the cluster did not get there: ${look}`)
    await delay(300)
  }
}
