import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { startProcess } from './process.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A network namespace with nothing but loopback. One port leads to the same port of this machine's loopback. */
export interface Namespace extends AsyncDisposable {
  /** The command line that runs a program in the namespace. */
  inside(command: string, args: readonly string[]): readonly [command: string, args: string[]]
}

/** Runs a command in a new namespace, after turning its loopback on. */
const ALONE = ['--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

/**
 * True if this machine cannot create or enter namespaces. Like `needs`, it throws under CI, where no test may be skipped.
 */
export function needsNamespace(): boolean {
  const { status, error, stderr } = spawnSync('unshare', [...ALONE, 'nsenter', '--version'])
  if (status !== 0 && process.env['CI'] === 'true')
    throw new Error(`CI skips nothing, but there are no network namespaces: ${error ?? stderr}`)
  return status !== 0
}

/**
 * Starts a namespace without a name and without a device, so that the kernel removes it with its last program, even after
 * a kill. The way out is a unix socket, because unix sockets are found by path in every network namespace.
 */
export async function startNamespace(door: string): Promise<Namespace> {
  const [host, port] = door.split(':') as [string, string]
  const directory = await temporaryDirectory()
  const socket = directory.join('door')
  const outside = createServer(client => pipeline(client, connect(Number(port), host), client, () => {}))
  await once(outside.listen(socket), 'listening')
  const porter = startProcess('unshare', [...ALONE, process.execPath, '-e', PORTER, host, port, socket])
  await porter.output(/open/)
  return {
    inside: (command, args) => ['nsenter', [`--net=/proc/${porter.pid}/ns/net`, '--', command, ...args]],
    async [Symbol.asyncDispose]() {
      await porter.stop()
      await once(outside.close(), 'close')
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** The program inside the namespace: it forwards the port to the unix socket. */
const PORTER = `
const { connect, createServer } = require('node:net')
const { pipeline } = require('node:stream')
const [host, port, socket] = process.argv.slice(1)
createServer(client => pipeline(client, connect(socket), client, () => {}))
  .listen(Number(port), host, () => console.log('open'))
`
