import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { GPREG } from '../support/gpreg.ts'
import { onPath } from '../support/tools.ts'

/** One copy: `SOURCE/app:1` to `TARGET/x/app:1`. */
export interface CopyJob {
  readonly source: string
  readonly target: string
  /** Copies what refers to the image, too, if the tool has a flag for it. */
  readonly referrers: boolean
}

/** A tool that copies images between registries. */
export interface Peer {
  readonly name: string
  readonly command: string
  /** It can copy what refers to an image. */
  readonly copiesReferrers: boolean
  args(job: CopyJob): string[]
}

/** Go tools are often built into directories that are not on the path. */
export const PATH = [process.env['PATH'], process.env['GOBIN'], join(homedir(), 'go/bin')]
  .filter(Boolean)
  .join(delimiter)

export const gpreg: Peer = {
  name: 'gpreg',
  command: process.execPath,
  copiesReferrers: true,
  args: ({ source, target }) => [GPREG, 'mirror', '--image', `${source}/app:1`, '--to', `${target}/x`],
}

const PEERS: readonly Peer[] = [
  {
    name: 'crane',
    command: 'crane',
    copiesReferrers: false,
    args: ({ source, target }) => ['copy', '--insecure', `${source}/app:1`, `${target}/x/app:1`],
  },
  {
    name: 'skopeo',
    command: 'skopeo',
    copiesReferrers: false,
    args: ({ source, target }) => [
      ...['copy', '--all', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false'],
      ...[`docker://${source}/app:1`, `docker://${target}/x/app:1`],
    ],
  },
  {
    name: 'regctl',
    command: 'regctl',
    copiesReferrers: true,
    args: ({ source, target, referrers }) => [
      ...['image', 'copy', ...(referrers ? ['--referrers'] : [])],
      ...[source, target].flatMap(host => ['--host', `reg=${host},tls=disabled`]),
      ...[`${source}/app:1`, `${target}/x/app:1`],
    ],
  },
  {
    name: 'oras',
    command: 'oras',
    copiesReferrers: true,
    args: ({ source, target, referrers }) => [
      ...['cp', '--no-tty', '--from-plain-http', '--to-plain-http', ...(referrers ? ['-r'] : [])],
      ...[`${source}/app:1`, `${target}/x/app:1`],
    ],
  },
]

export const installedPeers: readonly Peer[] = PEERS.filter(({ command }) => onPath(command, PATH))

export const missingPeers: readonly string[] = PEERS.filter(peer => !installedPeers.includes(peer)).map(
  ({ name }) => name,
)
