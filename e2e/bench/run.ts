import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { judge } from './bars.ts'
import { interrupted } from './interruption.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { measureBundles } from './parts/bundles.ts'
import { measureCopies } from './parts/copies.ts'
import { measureLine } from './parts/lines.ts'
import { measureMemory } from './parts/memory.ts'
import { measurePlanning } from './parts/planning.ts'
import { measureStart } from './parts/start.ts'
import { measureTls } from './parts/tls.ts'
import { measureVerify } from './parts/verify.ts'
import type { Plan } from './plan.ts'
import { PART_NAMES, type BenchRun, type Measured, type PartName } from './results.ts'
import { renderRun } from './table.ts'

const MEASURES: Readonly<Record<PartName, (plan: Plan) => Promise<Measured>>> = {
  copies: measureCopies,
  start: measureStart,
  verify: measureVerify,
  bundles: measureBundles,
  planning: measurePlanning,
  memory: measureMemory,
  tls: measureTls,
  wan: plan => measureLine('wan', plan),
  flaky: plan => measureLine('flaky', plan),
}

/** In the order in which they run. The flaky line is not among them, because no bar is about it. */
export const ALL_PARTS = PART_NAMES.filter(name => name !== 'flaky')

/**
 * If all parts run, the thin line is left out if more seconds than these have passed. The limit is 25 minutes, but a comparison with
 * another checkout may take longer.
 */
const LATEST_START: Partial<Record<PartName, number>> = { wan: 22 * 60 }

/** If all parts run, another checkout takes part only where a bar is about it. */
const COMPARED: readonly PartName[] = ['planning']

/**
 * Measures the parts one after another. The document is written after each part, so that an interruption keeps what was
 * measured. A part that fails is left out, and the others are measured.
 * @param file path of the document; undefined: none is written
 */
export async function runParts(names: readonly PartName[], plan: Plan, file?: string): Promise<BenchRun> {
  const started = new Date()
  const elapsed = () => (Date.now() - started.getTime()) / 1000
  let run: BenchRun = {
    kind: 'BenchRun',
    version: 1,
    started: started.toISOString(),
    commit: await describeCommit(fileURLToPath(new URL('.', import.meta.url))),
    rounds: plan.rounds,
    scale: plan.scale,
    complete: false,
    leftOut: [],
    machine: await describeMachine(),
    bars: [],
    parts: [],
  }
  const leaveOut = (name: PartName, why: string) => {
    run = { ...run, leftOut: [...run.leftOut, { name, why }] }
    console.log(`  ${name} is left out: ${why}`)
  }
  for (const [index, name] of names.entries()) {
    const before = elapsed()
    console.log(`part ${index + 1} of ${names.length}: ${name}, after ${minutes(before)}`)
    const isLimited = plan.brief && plan.before === undefined
    if (isLimited && before > (LATEST_START[name] ?? Infinity)) {
      leaveOut(name, `${minutes(before)} have passed`)
      continue
    }
    try {
      const parts = [
        ...run.parts,
        { ...(await MEASURES[name](planOf(name, plan))), seconds: elapsed() - before },
      ]
      run = { ...run, parts, bars: judge(parts) }
    } catch (error) {
      interrupted.throwIfAborted()
      leaveOut(name, String(error))
    }
    if (file !== undefined) await writeRun(file, run)
  }
  run = { ...run, complete: true }
  if (file !== undefined) await writeRun(file, run)
  console.log(
    `\n${renderRun(run)}\n\nin ${minutes(elapsed())}${file === undefined ? '' : `, written to ${file}`}`,
  )
  return run
}

function planOf(name: PartName, plan: Plan): Plan {
  return plan.brief && !COMPARED.includes(name) ? { ...plan, before: undefined } : plan
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** Writes a run as Prettier formats it: one line a sample. Times are rounded to milliseconds. */
async function writeRun(file: string, run: BenchRun): Promise<void> {
  const text = JSON.stringify(run, (_, value) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
  )
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: 'json' }))
}
