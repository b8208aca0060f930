import { rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { GPREG } from '../support/gpreg.ts'
import { isRoot, onPath } from '../support/tools.ts'
import { sourceMirrors } from '../support/upstream.ts'
import type { Command } from './measure.ts'
import type { Stock } from './stock.ts'

/** The surroundings of one run: fresh registries and a fresh home directory. */
export interface Site {
  readonly source: string
  readonly target: string
  readonly home: string
  readonly stock: Stock
  /** PEM file of the CA of both registries; undefined if they speak plain HTTP */
  readonly caFile?: string | undefined
}

export type Phase = 'cold' | 'unchanged'

export interface Contestant {
  readonly name: string
  /** The command of one run, or undefined if the contestant does not take part in the phase. */
  prepare(site: Site, phase: Phase): Promise<Command | undefined>
}

/** Our own Node comes first. Go tools are often built into directories that are not on the path. */
export const PATH = [
  dirname(process.execPath),
  process.env['PATH'],
  process.env['GOBIN'],
  join(homedir(), 'go/bin'),
  join(homedir(), 'gobin'),
]
  .filter(Boolean)
  .join(delimiter)

export const gpreg = gpregAt('gpreg', GPREG)

/** The gpreg of another checkout, which must be built. Both run in turns, which shows the effect of a change on speed. */
export function gpregBefore(checkout: string): Contestant {
  return gpregAt('before', commandOf(checkout))
}

/** This checkout's gpreg and, if there is one, that of the commit before. */
export function ourContestants(before: string | undefined): Contestant[] {
  return [gpreg, ...(before === undefined ? [] : [gpregBefore(before)])]
}

/** Path of the command in another checkout. */
export function commandOf(checkout: string): string {
  return join(checkout, 'packages/mirror-cli/bin/run.js')
}

function gpregAt(name: string, command: string): Contestant {
  return {
    name,
    async prepare({ source, target, home, stock, caFile }) {
      const args = [
        'mirror',
        ...(await imageSet({ source, home, stock })),
        '--to',
        `${target}/gitpod`,
        '--json',
      ]
      // The command runs by its own name, as for a user, because its first line sets the flags of Node.
      return { command, args, env: environment(home, caFile) }
    },
  }
}

/** Flags of gpreg for the stock of a source, by a list that is written to the home directory. */
export async function imageSet({ source, home, stock }: Omit<Site, 'target'>): Promise<string[]> {
  const list = join(home, 'images.txt')
  await writeFile(list, stock.references.join('\n'))
  return ['--images', list, ...sourceMirrors(source, stock.references)]
}

/**
 * A tool that copies one image at a time. xargs runs it for the whole list, with the number of jobs that is fastest on
 * two cores.
 */
function imageCopier(
  name: string,
  jobs: Record<Phase, number>,
  copy: (site: Site) => string[],
  reference = (text: string) => text,
): Contestant {
  return {
    name,
    async prepare(site, phase) {
      const pairs = site.stock.references.map(
        image => `${reference(`${site.source}/${image}`)} ${reference(`${site.target}/gitpod/${image}`)}`,
      )
      const list = join(site.home, 'pairs')
      await writeFile(list, pairs.join('\n'))
      if (phase === 'cold') await forgetBlobs()
      return {
        command: 'xargs',
        args: ['-P', `${jobs[phase]}`, '-n', '2', name, ...copy(site)],
        stdin: list,
        env: environment(site.home, site.caFile),
      }
    },
  }
}

const skopeo = imageCopier(
  'skopeo',
  { cold: 2, unchanged: 4 },
  () => [
    'copy',
    '--quiet',
    '--all',
    '--preserve-digests',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
  ],
  text => `docker://${text}`,
)
const crane = imageCopier('crane', { cold: 2, unchanged: 4 }, () => ['copy', '--insecure', '--jobs', '4'])
const regctl = imageCopier('regctl', { cold: 2, unchanged: 4 }, ({ source, target, caFile }) => [
  ...[source, target].flatMap(host => [
    '--host',
    `reg=${host},tls=${caFile === undefined ? 'disabled' : 'enabled'},reqConcurrent=8`,
  ]),
  'image',
  'copy',
])
const oras = imageCopier('oras', { cold: 2, unchanged: 4 }, ({ caFile }) => [
  'cp',
  '--no-tty',
  ...(caFile === undefined ? ['--from-plain-http', '--to-plain-http'] : []),
  '--concurrency',
  '4',
])

/**
 * The baseline: it sends each unique blob once, without a plan and without manifests. It shows what line and registries
 * can do.
 */
const baseline: Contestant = {
  name: 'baseline',
  async prepare({ source, target, home, stock, caFile }, phase) {
    if (phase !== 'cold') return undefined
    const scheme = caFile === undefined ? 'http' : 'https'
    const lines = stock.blobs.map(
      ({ digest, repository }) =>
        `${scheme}://${source}/v2/${repository}/blobs/${digest} ${scheme}://${target}/v2/gitpod/${repository}/blobs/uploads/ ${digest}`,
    )
    const list = join(home, 'blobs')
    await writeFile(list, lines.join('\n'))
    return {
      command: 'xargs',
      args: ['-P', '4', '-n', '3', 'sh', '-ec', PIPE, 'pipe'],
      stdin: list,
      env: environment(home, caFile),
    }
  },
}

const PIPE = `location=$(curl -sS -f -o /dev/null -w '%header{location}' -X POST "$2")
curl -sS -f "$1" | curl -sS -f -o /dev/null -H Expect: -T - "$location&digest=$3"`

const PEERS = [skopeo, baseline, crane, regctl, oras]

/** The installed peers, or the wanted ones of them. */
export function findPeers(wanted?: readonly string[]): Contestant[] {
  const installed = PEERS.filter(({ name }) => onPath(name === 'baseline' ? 'curl' : name, PATH))
  if (!wanted) return installed
  const absent = wanted.filter(name => !installed.some(peer => peer.name === name))
  if (absent.length > 0)
    throw new Error(
      `not installed: ${absent.join(', ')}; there are ${installed.map(({ name }) => name).join(', ')}`,
    )
  return installed.filter(({ name }) => wanted.includes(name))
}

/** Deletes the cache in which c/image remembers blobs of other registries, because it would help the second run only. */
async function forgetBlobs(): Promise<void> {
  // As root, c/image ignores HOME. https://github.com/containers/image/blob/main/pkg/blobinfocache/default.go
  if (isRoot) await rm('/var/lib/containers/cache/blob-info-cache-v1.boltdb', { force: true })
}

/** @param caFile PEM file of certificates, which all contestants take from this variable */
export function environment(home: string, caFile?: string): NodeJS.ProcessEnv {
  const trust = caFile === undefined ? {} : { SSL_CERT_FILE: caFile }
  return { PATH, HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: home, NO_COLOR: '1', ...trust }
}
