import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { pipeline } from 'node:stream'
import { mustRun, startProcess, type RunningProcess } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Network, mounts and processes of their own for a whole cluster. The kernel removes all of it with the first process. */
export interface Sandbox extends AsyncDisposable {
  /** Runs a program to its end. @returns its output */
  run(command: string, args: readonly string[], stdin?: string): Promise<string>
  start(command: string, args: readonly string[]): RunningProcess
}

/**
 * Starts a sandbox. Its network has loopback, and what the cluster adds.
 * @param doors `127.0.0.1:PORT` of servers on this machine, which have the same ports on all addresses of the sandbox
 */
export async function startSandbox(doors: readonly string[]): Promise<Sandbox> {
  const directory = await temporaryDirectory()
  const servers = await Promise.all(
    doors.map(async door => {
      const [host, port] = door.split(':') as [string, string]
      const outside = createServer(client => pipeline(client, connect(Number(port), host), client, () => {}))
      // Unix sockets are found by path in every network.
      await once(outside.listen(directory.join(port)), 'listening')
      return { outside, port }
    }),
  )
  const sockets = servers.map(({ port }) => [port, directory.join(port)])
  const first = startProcess('unshare', [
    ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
    ...['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
    ...[process.execPath, '-e', PORTER, JSON.stringify(sockets)],
  ])
  await first.output(/open/)
  const own = `/proc/${first.pid}/ns`
  const inside = (command: string, args: readonly string[]) =>
    [
      'nsenter',
      [`--net=${own}/net`, `--mount=${own}/mnt`, `--pid=${own}/pid_for_children`, '--', command, ...args],
    ] as const
  return {
    run: (command, args, stdin) => mustRun(...inside(command, args), stdin === undefined ? {} : { stdin }),
    start: (command, args) => startProcess(...inside(command, args)),
    async [Symbol.asyncDispose]() {
      first.signal('SIGKILL')
      await first.exited
      await Promise.all(servers.map(({ outside }) => once(outside.close(), 'close')))
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** The first process of the sandbox forwards the ports to the unix sockets. */
const PORTER = `
const { connect, createServer } = require('node:net')
const { pipeline } = require('node:stream')
const doors = JSON.parse(process.argv[1])
let open = 0
for (const [port, socket] of doors)
  createServer(client => pipeline(client, connect(socket), client, () => {}))
    .listen(Number(port), '0.0.0.0', () => ++open === doors.length && console.log('open'))
`
