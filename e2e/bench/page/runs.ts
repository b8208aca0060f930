import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BenchRun } from '../results.ts'

/** One JSON document for each run of all parts, such as `2026-11-28-2015.json`: the history of the page. */
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url))

/** Path of the document of a run that starts now. */
export function resultFile(now: Date): string {
  const [date, time] = now.toISOString().split('T')
  return `${RESULTS}${date}-${time!.slice(0, 5).replace(':', '')}.json`
}

export async function readRun(file: string): Promise<BenchRun> {
  const run = JSON.parse(await readFile(file, 'utf8')) as Partial<BenchRun>
  if (run.kind !== 'BenchRun' || run.version !== 1) throw new Error(`${file} is no BenchRun of version 1`)
  return run as BenchRun
}

/** All complete runs at full size, the oldest first. */
export async function readRuns(): Promise<BenchRun[]> {
  const files = globSync('*.json', { cwd: RESULTS }).sort()
  const runs = await Promise.all(files.map(name => readRun(`${RESULTS}${name}`)))
  return runs.filter(({ complete, scale }) => complete && scale === 1)
}

export async function newestRun(): Promise<BenchRun | undefined> {
  return (await readRuns()).at(-1)
}
