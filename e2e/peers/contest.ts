import type { Oddity } from '@gpreg/oci/testing'
import { isolatedEnvironment } from '../support/gpreg.ts'
import { startProcess } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { whyNotCopied } from './honesty.ts'
import { logIn } from './logins.ts'
import { PATH, type Peer } from './peers.ts'
import { rawRegistry, stock, type RawRegistry } from './raw-registry.ts'
import { plainImage } from './sample-images.ts'
import type { Behaviour, Situation } from './situation.ts'

export interface Outcome {
  readonly verdict: 'copied' | 'fails' | 'incomplete' | 'no end'
  /** What the tool printed, and what the registries were asked. */
  readonly report: string
}

/** Milliseconds that a tool has for one copy. */
const PATIENCE = 60_000

/** Lets a tool copy the image between fresh registries, and looks at the store of the target. */
export async function runContest(situation: Situation, peer: Peer): Promise<Outcome> {
  await using source = await rawRegistry()
  await using other = await rawRegistry()
  await using home = await temporaryDirectory()
  const target = situation.oneRegistry ? source : other
  const image = (situation.image ?? plainImage)()
  await stock(source, 'app', image, '1')
  await situation.prepare?.({ source, target })
  behave(source, situation.source, situation.both)
  behave(target, situation.target, target === source ? undefined : situation.both)
  if (situation.login) await logIn(home, [source.host, target.host], situation.login)

  const job = { source: source.host, target: target.host, referrers: situation.referrers ?? false }
  const running = startProcess(peer.command, peer.args(job), {
    env: isolatedEnvironment(home.path, { PATH, XDG_CONFIG_HOME: home.join('.config') }),
    cwd: home.path,
  })
  const timer = setTimeout(() => running.signal('SIGKILL'), PATIENCE)
  const { code } = await running.exited.finally(() => clearTimeout(timer))
  const why = whyNotCopied(target, 'x/app', '1', image.descriptor.digest)
  return {
    verdict: code === null ? 'no end' : code !== 0 ? 'fails' : why === undefined ? 'copied' : 'incomplete',
    report: reportOf(running.stdout() + running.stderr(), why, new Set([source, target])),
  }
}

function behave(registry: RawRegistry, ...behaviours: (Behaviour | undefined)[]): void {
  for (const behaviour of behaviours) {
    const oddities = behaviour?.(registry) ?? []
    registry.oddities.push(...([oddities].flat() as Oddity[]))
  }
}

function reportOf(output: string, why: string | undefined, registries: ReadonlySet<RawRegistry>): string {
  const logs = [...registries].flatMap(({ host, log }) => log.slice(-25).map(line => `  ${host} ${line}`))
  return [output.trim().slice(-1500), `store: ${why ?? 'complete'}`, ...logs].join('\n')
}
