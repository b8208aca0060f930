import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { mustRun, startProcess, type RunningProcess } from '../../process.ts'
import { temporaryDirectory } from '../../temporary-directory.ts'

/** A real S3 with users, keys and policies: the Ceph gateway over one monitor and one in-memory store, on loopback. */
export interface RadosGateway {
  /** http://127.0.0.1:port */
  readonly endpoint: string
  /** path for `radosgw-admin -c`; the state of the gateway lies beside it */
  readonly conf: string
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface GatewayUser {
  readonly uid: string
  readonly key?: AccessKey
  /** such as `users=*;user-policy=*` */
  readonly caps?: string
}

/** Access key of the user that may create users and policies. */
export const ADMIN: AccessKey = { accessKeyId: 'AKIAADMIN', secretAccessKey: 'secret-of-the-admin' }

const PATIENCE = 60_000

export async function startRadosGateway(): Promise<RadosGateway & AsyncDisposable> {
  const directory = await temporaryDirectory()
  const [v2, v1, port] = (await freePorts(3)) as [number, number, number]
  const conf = directory.join('ceph.conf')
  const inDirectory = (...args: string[]) => mustRun(args[0]!, ['-c', conf, ...args.slice(1)])
  for (const part of ['mon', 'osd', 'rgw', 'run', 'log']) await mkdir(directory.join(part))
  const fsid = randomUUID()
  await writeFile(conf, configuration(directory.path, fsid, { v1, v2, port }))
  await makeKeyrings(directory.path)
  const monmap = directory.join('monmap')
  const address = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`
  await mustRun('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', address, monmap])
  const keyring = directory.join('keyring')
  const daemons: RunningProcess[] = []
  const startDaemon = (...args: string[]) => void daemons.unshift(runDaemon(conf, args))
  const stop = async () => {
    // The gateway is stopped before the daemons that it needs. ceph-osd is killed, because a clean stop is slow and only
    // memory is lost.
    for (const daemon of daemons) {
      daemon.signal('SIGKILL')
      await daemon.exited
    }
    await directory[Symbol.asyncDispose]()
  }
  try {
    await inDirectory('ceph-mon', '--mkfs', '-i', 'a', '--monmap', monmap, '--keyring', keyring)
    startDaemon('ceph-mon', '-i', 'a')
    const osd = randomUUID()
    await inDirectory('ceph', 'osd', 'new', osd)
    await inDirectory('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd)
    startDaemon('ceph-osd', '-i', '0')
    startDaemon('radosgw', '-n', 'client.admin')
    await createUser(conf, { uid: 'admin', key: ADMIN, caps: 'users=*;user-policy=*' })
    const endpoint = `http://127.0.0.1:${port}`
    await untilServing(endpoint, daemons)
    return { endpoint, conf, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs `radosgw-admin` and returns its stdout. */
export function radosgwAdmin(conf: string, ...args: string[]): Promise<string> {
  return mustRun('radosgw-admin', ['-c', conf, ...args])
}

/** Creates a user in the gateway itself, beside those of the fake IAM. */
export async function createUser(conf: string, { uid, key, caps }: GatewayUser): Promise<void> {
  const flags = [
    ...(key ? [`--access-key=${key.accessKeyId}`, `--secret-key=${key.secretAccessKey}`] : []),
    ...(caps ? [`--caps=${caps}`] : []),
  ]
  await radosgwAdmin(conf, 'user', 'create', `--uid=${uid}`, `--display-name=${uid}`, ...flags)
}

/** Configures one copy of all data, no authentication between daemons, and loopback only. */
function configuration(directory: string, fsid: string, ports: { v1: number; v2: number; port: number }) {
  return `
[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${ports.v2},v1:127.0.0.1:${ports.v1}]
mon initial members = a
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
# Without these the gateway waits for ever: it wants encryption, which takes authentication.
ms mon client mode = crc secure
ms mon service mode = crc secure
ms mon cluster mode = crc secure
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
mon data avail crit = 0
mon data avail warn = 0
run dir = ${directory}/run
log file = ${directory}/log/$name.log
admin socket = ${directory}/run/$name.asok
keyring = ${directory}/keyring
[mon.a]
mon data = ${directory}/mon
[osd]
osd data = ${directory}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
[client]
rgw frontends = beast endpoint=127.0.0.1:${ports.port}
rgw data = ${directory}/rgw
`
}

async function makeKeyrings(directory: string): Promise<void> {
  const keyring = `${directory}/keyring`
  await mustRun('ceph-authtool', [
    '--create-keyring',
    keyring,
    '--gen-key',
    '-n',
    'mon.',
    '--cap',
    'mon',
    'allow *',
  ])
  const caps = ['mon', 'osd', 'mgr'].flatMap(service => ['--cap', service, 'allow *'])
  await mustRun('ceph-authtool', [keyring, '--gen-key', '-n', 'client.admin', ...caps])
}

/** Runs a daemon in the foreground, so that it ends with this process. In the background it would outlive the test. */
function runDaemon(conf: string, [command, ...args]: readonly string[]): RunningProcess {
  return startProcess('setpriv', ['--pdeathsig', 'KILL', command!, '-f', '-c', conf, ...args])
}

async function untilServing(endpoint: string, daemons: readonly RunningProcess[]): Promise<void> {
  const ended = Promise.race(daemons.map(({ exited }) => exited)).then(() => 'ended' as const)
  for (const until = Date.now() + PATIENCE; ;) {
    const answer = await fetch(endpoint).catch(() => undefined)
    if (answer?.ok) return
    if ((await Promise.race([ended, delay(200)])) === 'ended' || Date.now() > until)
      throw new Error(`radosgw does not answer on ${endpoint}:\n${daemons.map(one => one.stderr()).join('')}`)
  }
}

/** Finds free ports. All of them stay open until the last one is found, so that no port is returned twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}
