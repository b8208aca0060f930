import { mkdir, writeFile } from 'node:fs/promises'
import { GPREG } from '../../support/gpreg.ts'
import type { Registry } from '../../support/registry.ts'
import type { TemporaryDirectory } from '../../support/temporary-directory.ts'
import { environment, gpreg, imageSet } from '../contestants.ts'
import type { Command } from '../measure.ts'
import type { Stock } from '../stock.ts'

const SKOPEO = ['skopeo', 'copy', '--quiet', '--all', '--src-tls-verify=false', '--dest-tls-verify=false']

export interface Site {
  readonly source: Registry
  readonly home: TemporaryDirectory
  readonly stock: Stock
  readonly target: Registry
}

/** One measured step. The steps of one name run in this order, because what loads needs the result of what saved. */
export interface Step {
  readonly phase: 'save' | 'load' | 'mirror'
  readonly name: string
  /** The tool of another project that it runs; undefined: gpreg or the baseline. */
  readonly tool?: string
  /** True for a variant of gpreg that no bar of the issue compares. */
  readonly isVariant?: boolean
  prepare(site: Site): Promise<Command>
}

export const STEPS: readonly Step[] = [
  {
    phase: 'save',
    name: 'baseline',
    async prepare({ source, home, stock }) {
      const lines = stock.blobs.map(
        ({ digest, repository }) =>
          `http://${source.host}/v2/${repository}/blobs/${digest} ${home.join('curl', digest.slice(7))}`,
      )
      await mkdir(home.join('curl'))
      await writeFile(home.join('blobs'), lines.join('\n'))
      const script = 'curl -sS -f -o "$2" "$1" && sha256sum "$2" > /dev/null'
      return {
        command: 'xargs',
        args: ['-P', '4', '-n', '2', 'sh', '-ec', script, 'save'],
        stdin: home.join('blobs'),
        env: environment(home.path),
      }
    },
  },
  {
    phase: 'save',
    name: 'gpreg',
    prepare: site => save(site, 'bench.tar'),
  },
  {
    phase: 'save',
    name: 'gpreg, volumes',
    isVariant: true,
    prepare: site => save(site, 'volumes.tar', '--volume-size', '100MB'),
  },
  {
    phase: 'save',
    name: 'skopeo',
    tool: 'skopeo',
    prepare: ({ source, home, stock }) =>
      byImage(SKOPEO, home, stock, 1, name => [
        `docker://${source.host}/${name}`,
        `oci:${home.join('oci')}:${name}`,
      ]),
  },
  {
    phase: 'save',
    name: 'oras',
    tool: 'oras',
    prepare: ({ source, home, stock }) =>
      byImage(['oras', 'cp', '--from-plain-http', '--to-oci-layout'], home, stock, 1, (name, at) => [
        `${source.host}/${name}`,
        `${home.join('oras')}:image-${at}`,
      ]),
  },
  {
    phase: 'load',
    name: 'gpreg',
    prepare: async ({ home, target }) => ({
      command: GPREG,
      args: ['bundle', 'load', home.join('bench.tar'), '--to', `${target.host}/gitpod`, '--json'],
      env: environment(home.path),
    }),
  },
  {
    phase: 'mirror',
    name: 'gpreg',
    prepare: async ({ source, target, home, stock }) =>
      (await gpreg.prepare({ source: source.host, target: target.host, home: home.path, stock }, 'cold'))!,
  },
  {
    phase: 'load',
    name: 'skopeo',
    tool: 'skopeo',
    prepare: ({ target, home, stock }) =>
      byImage(SKOPEO, home, stock, 2, name => [
        `oci:${home.join('oci')}:${name}`,
        `docker://${target.host}/gitpod/${name}`,
      ]),
  },
  {
    phase: 'load',
    name: 'oras',
    tool: 'oras',
    prepare: ({ target, home, stock }) =>
      byImage(['oras', 'cp', '--from-oci-layout', '--to-plain-http'], home, stock, 2, (name, at) => [
        `${home.join('oras')}:image-${at}`,
        `${target.host}/gitpod/${name}`,
      ]),
  },
]

async function save({ source, home, stock }: Site, name: string, ...more: string[]): Promise<Command> {
  const set = await imageSet({ source: source.host, home: home.path, stock })
  const args = ['bundle', 'save', ...set, '-o', home.join(name), '--json', ...more]
  return { command: GPREG, args, env: environment(home.path) }
}

/**
 * Runs a tool that copies one image at a time. A layout has one index.json, so only one process at a time may write to
 * it.
 */
async function byImage(
  [command, ...args]: readonly string[],
  home: TemporaryDirectory,
  stock: Stock,
  jobs: number,
  pair: (name: string, at: number) => string[],
): Promise<Command> {
  await writeFile(home.join('pairs'), stock.references.map((name, at) => pair(name, at).join(' ')).join('\n'))
  return {
    command: 'xargs',
    args: ['-P', `${jobs}`, '-n', '2', command!, ...args],
    stdin: home.join('pairs'),
    env: environment(home.path),
  }
}
