import { mkdir, writeFile } from 'node:fs/promises'
import { gpreg as run, GPREG } from '../../support/gpreg.ts'
import { startRegistry } from '../../support/registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { commandOf, environment, imageSet } from '../contestants.ts'
import { runMeasured, type Command } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Measured } from '../results.ts'
import { stockRelease } from '../stock.ts'
import { takeTurns } from '../turns.ts'

/** A start takes a quarter of a second, so more rounds cost little. */
const ROUNDS_FOR_ONE = 4
/** Sizes do not matter here; only the names of the images do. */
const SCALE = 0.001

/**
 * Measures how long the command takes that has nothing to do, beside a program of Node that does nothing. Files and
 * compiled code are cached, because one round before is not counted. Each checkout has a home of its own, because two take the kept
 * code from each other.
 */
export async function measureStart({ rounds, parent, before }: Plan): Promise<Measured> {
  await using home = await temporaryDirectory()
  const lock = home.join('gpreg.lock.json')
  await writeLock(lock, home.path, parent)
  const nothing = home.join('nothing.mjs')
  await writeFile(nothing, '')
  const envOf = async (name: string) => {
    await mkdir(home.join(name), { recursive: true })
    return environment(home.join(name))
  }
  const commands: { name: string; phase: string; command: Command }[] = [
    {
      name: 'node',
      phase: 'bare Node',
      command: { command: process.execPath, args: [nothing], env: await envOf('node') },
    },
    ...[
      { name: 'gpreg', command: GPREG, env: await envOf('gpreg') },
      ...(before ? [{ name: 'before', command: commandOf(before), env: await envOf('before') }] : []),
    ].flatMap(({ name, command, env }) => [
      { name, phase: '--version', command: { command, args: ['--version'], env } },
      { name, phase: 'images --lock', command: { command, args: ['images', '--lock', lock], env } },
    ]),
  ]
  for (const { command } of commands) await runMeasured(command)
  const names = [...new Set(commands.map(({ name }) => name))]
  const series = await takeTurns(
    names.map(name => ({
      name,
      run: async () => {
        const samples = []
        for (const each of commands.filter(command => command.name === name))
          samples.push([each.phase, await runMeasured(each.command)] as const)
        return Object.fromEntries(samples)
      },
    })),
    rounds * ROUNDS_FOR_ONE,
  )
  return { name: 'start', about: 'start of the command, with nothing to do', series }
}

/** Writes the lock of a release of 62 images. */
async function writeLock(path: string, home: string, parent: string): Promise<void> {
  await using source = await startRegistry({ parent })
  const stock = await stockRelease(source, SCALE)
  const args = ['lock', ...(await imageSet({ source: source.host, home, stock })), '-o', path]
  const { exitCode, stderr } = await run(args)
  if (exitCode !== 0) throw new Error(`gpreg lock ended with ${exitCode}:\n${stderr}`)
}
