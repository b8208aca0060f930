import { deal } from '../support/fault-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import type { Image } from '../support/images.ts'
import { startRegistry } from '../support/registry.ts'
import { wrongContent } from '../support/registry-content.ts'
import { startReverseProxy, type ReverseProxy } from '../support/reverse-proxy.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { onPath } from '../support/tools.ts'
import { sourceMirrors } from '../support/upstream.ts'
import { SeededFaults } from './seeded-faults.ts'

export interface SoakRun {
  readonly seed: number
  readonly target: string
  /** number of times that the command ran */
  readonly commands: number
  /** true if the last command succeeded */
  readonly converged: boolean
  readonly faults: number
  readonly requests: number
  /** content that is missing at the target or differs from its digest */
  readonly wrong: readonly string[]
  readonly seconds: number
  /** stderr of the last command */
  readonly stderr: string
}

export interface SoakOptions {
  readonly images: ReadonlyMap<string, Image>
  /** host:port of the source */
  readonly source: string
  /** file that names the images */
  readonly list: string
  /** Most times that the command may run. */
  readonly commands: number
}

/** Mirrors through two lines with faults until the command succeeds, and then reads everything from the target. */
export async function soakOnce(
  seed: number,
  { images, source, list, commands }: SoakOptions,
): Promise<SoakRun> {
  const started = performance.now()
  await using target = await startTarget(seed)
  await using from = await startFaultyLine(source, `${seed} source`)
  await using to = await startFaultyLine(target.host, `${seed} target`)
  await using journal = await temporaryDirectory()
  const args = [
    'mirror',
    '--images',
    list,
    ...sourceMirrors(from.host, images.keys()),
    '--to',
    `${to.host}/soak`,
  ]
  const env = { GPREG_STALL_TIMEOUT: '2', GPREG_UPLOAD_JOURNAL: journal.path }
  const mirror = () => gpreg([...args, '--json'], { env })
  let ran = 1
  let run = await mirror()
  for (; run.exitCode !== 0 && ran < commands; ran++) run = await mirror()
  const names: { source: string; target: string }[] = run.json().images
  return {
    seed,
    target: target.kind,
    commands: ran,
    converged: run.exitCode === 0,
    faults: from.faults() + to.faults(),
    requests: from.exchanges.length + to.exchanges.length,
    wrong: await wrongAt(
      names.map(name => [name.target.replace(to.host, target.host), images.get(name.source)!]),
    ),
    seconds: (performance.now() - started) / 1000,
    stderr: run.stderr,
  }
}

/** Starts an empty target. The kind follows from the seed, so that a run can be repeated alone. */
async function startTarget(seed: number) {
  if (seed % 2 === 1 && onPath('docker-registry')) {
    const registry = await startRegistry()
    return { kind: 'docker-registry', host: registry.host, [Symbol.asyncDispose]: registry.stop }
  }
  const directory = await temporaryDirectory()
  const serve = await startServe(directory.path)
  return {
    kind: 'gpreg serve',
    host: serve.host,
    async [Symbol.asyncDispose]() {
      await serve[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function startFaultyLine(to: string, seed: string): Promise<ReverseProxy & { faults(): number }> {
  const faults = new SeededFaults(seed)
  const proxy = await startReverseProxy({
    to: new URL(`http://${to}/`),
    intercept: meeting => {
      const fault = faults.choose(meeting.exchange, Number(meeting.request.headers['content-length'] ?? 0))
      if (fault) deal(fault, meeting)
      else meeting.forward()
    },
  })
  return { ...proxy, faults: () => [...faults.dealt.values()].reduce((sum, count) => sum + count, 0) }
}

/** Reads the images one by one, because all at once would open thousands of connections. */
async function wrongAt(names: readonly (readonly [target: string, image: Image])[]): Promise<string[]> {
  const wrong: string[] = []
  for (const [target, image] of names) wrong.push(...(await wrongContent(target, image)))
  return wrong
}
