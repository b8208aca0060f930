import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GPREG } from '../support/gpreg.ts'
import { mustRun } from '../support/process.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { onPath } from '../support/tools.ts'
import { sourceMirrors } from '../support/upstream.ts'
import { environment, gpreg } from './contestants.ts'
import { runMeasured, type Command, type Cost } from './measure.ts'
import { bar, median, renderBars, table } from './report.ts'
import { stockRelease, type Stock } from './stock.ts'

const SKOPEO = ['skopeo', 'copy', '--quiet', '--all', '--src-tls-verify=false', '--dest-tls-verify=false']

interface Site {
  readonly source: Registry
  readonly home: TemporaryDirectory
  readonly stock: Stock
  readonly target: Registry
}

/** One measured step. The steps run in this order, because a step that loads needs the result of a step that saved. */
interface Step {
  readonly name: string
  readonly needs?: string
  prepare(site: Site): Promise<Command>
}

const STEPS: readonly Step[] = [
  {
    name: 'save: curl + sha256sum',
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
    name: 'save: gpreg tar',
    prepare: site => save(site, 'bench.tar'),
  },
  {
    name: 'save: gpreg volumes',
    prepare: site => save(site, 'volumes.tar', '--volume-size', '100MB'),
  },
  {
    name: 'save: skopeo oci:',
    needs: 'skopeo',
    prepare: ({ source, home, stock }) =>
      byImage(SKOPEO, home, stock, 1, name => [
        `docker://${source.host}/${name}`,
        `oci:${home.join('oci')}:${name}`,
      ]),
  },
  {
    name: 'save: oras layout',
    needs: 'oras',
    prepare: ({ source, home, stock }) =>
      byImage(['oras', 'cp', '--from-plain-http', '--to-oci-layout'], home, stock, 1, (name, at) => [
        `${source.host}/${name}`,
        `${home.join('oras')}:image-${at}`,
      ]),
  },
  {
    name: 'load: gpreg tar',
    prepare: async ({ home, target }) => ({
      command: GPREG,
      args: ['bundle', 'load', home.join('bench.tar'), '--to', `${target.host}/gitpod`, '--json'],
      env: environment(home.path),
    }),
  },
  {
    name: 'load: gpreg mirror',
    prepare: async ({ source, target, home, stock }) =>
      (await gpreg.prepare({ source: source.host, target: target.host, home: home.path, stock }, 'cold'))!,
  },
  {
    name: 'load: skopeo oci:',
    needs: 'skopeo',
    prepare: ({ target, home, stock }) =>
      byImage(SKOPEO, home, stock, 2, name => [
        `oci:${home.join('oci')}:${name}`,
        `docker://${target.host}/gitpod/${name}`,
      ]),
  },
  {
    name: 'load: oras layout',
    needs: 'oras',
    prepare: ({ target, home, stock }) =>
      byImage(['oras', 'cp', '--from-oci-layout', '--to-plain-http'], home, stock, 2, (name, at) => [
        `${home.join('oras')}:image-${at}`,
        `${target.host}/gitpod/${name}`,
      ]),
  },
]

/** Measures saving and loading of bundles, against a direct copy and against other tools. True if every bar is met. */
export async function compareBundles(runs: number, scale: number, parent: string): Promise<boolean> {
  await using source = await startRegistry({ parent })
  const stock = await stockRelease(source, scale)
  const costs = new Map<string, Cost[]>(STEPS.map(({ name }) => [name, []]))
  const disk = new Map<string, number>()
  for (let round = 0; round < runs; round++) {
    await using home = await temporaryDirectory(parent)
    for (const { name, needs, prepare } of STEPS) {
      if (needs !== undefined && !onPath(needs)) continue
      await using target = await startRegistry({ parent })
      const command = await prepare({ source, home, stock, target })
      const before = await bytesBelow(home.path)
      await mustRun('sync', [])
      try {
        costs.get(name)!.push(await runMeasured(command))
      } catch (error) {
        if (command.command === GPREG) throw error
        console.log(`${name} FAILED: ${String(error).split('\n', 1)[0]}`)
      }
      disk.set(name, (await bytesBelow(home.path)) - before)
      console.log(
        `round ${round + 1}  ${name.padEnd(24)}  ${costs.get(name)!.at(-1)?.wall.toFixed(2) ?? '-'} s`,
      )
    }
  }
  const middle = (name: string, key: keyof Cost) => median(costs.get(name)!.map(cost => cost[key]))
  const rows = STEPS.map(({ name }) => [
    name,
    middle(name, 'wall')?.toFixed(2) ?? '-',
    middle(name, 'cpu')?.toFixed(2) ?? '-',
    ((middle(name, 'rss') ?? NaN) / 1e6).toFixed(0),
    ((disk.get(name) ?? NaN) / 1e6).toFixed(1),
  ])
  const ratio = (a: string, b: string) => {
    const [mine, theirs] = [middle(a, 'wall'), middle(b, 'wall')]
    return mine === undefined || theirs === undefined ? undefined : mine / theirs
  }
  const bars = [
    bar('save wall / curl + sha256sum', 1.25, ratio('save: gpreg tar', 'save: curl + sha256sum')),
    bar('volumes wall / curl + sha256sum', 1.25, ratio('save: gpreg volumes', 'save: curl + sha256sum')),
    bar('bytes on disk / unique bytes', 1.01, disk.get('save: gpreg tar')! / stock.uniqueBytes),
    bar('load wall / mirror', 1.1, ratio('load: gpreg tar', 'load: gpreg mirror')),
    bar('peak RSS of save in MB', 200, (middle('save: gpreg tar', 'rss') ?? NaN) / 1e6),
    bar('disk used by load in MB', 0.1, disk.get('load: gpreg tar')! / 1e6),
  ]
  console.log(`\n${table([['', 'wall s', 'CPU s', 'RSS MB', 'disk MB'], ...rows])}\n\n${renderBars(bars)}`)
  return scale !== 1 || bars.every(({ met }) => met !== false)
}

async function save({ source, home, stock }: Site, name: string, ...more: string[]): Promise<Command> {
  const list = home.join('images.txt')
  await writeFile(list, stock.references.join('\n'))
  const from = sourceMirrors(source.host, stock.references)
  const args = ['bundle', 'save', '--images', list, ...from, '-o', home.join(name), '--json', ...more]
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

async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  const sizes = await Promise.all(
    files.map(async file => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
