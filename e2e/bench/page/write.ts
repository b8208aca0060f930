import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import type { BenchRun } from '../results.ts'
import { drawHistory, pointOf, type Point } from './history.ts'
import { drawLine } from './line-plot.ts'
import { fillPage } from './page.ts'
import { readRuns } from './runs.ts'

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url))
const PAGE = 'benchmarks.md'

/**
 * The page and its pictures as they follow from a run, by the name of the file in docs/. The history is drawn from all
 * runs in e2e/bench/results. A run without the thin line leaves its picture as it is.
 */
export async function makePage(run: BenchRun | undefined): Promise<Map<string, string>> {
  const earlier = JSON.parse(await readFile(new URL('earlier.json', import.meta.url), 'utf8')) as Point[]
  const text = fillPage(await readFile(`${DOCS}${PAGE}`, 'utf8'), run)
  const line = run?.parts.find(({ name }) => name === 'wan')
  return new Map([
    [PAGE, await format(text, { ...(await resolveConfig(`${DOCS}${PAGE}`)), parser: 'markdown' })],
    ['speed.svg', drawHistory([...earlier, ...(await readRuns()).map(pointOf)])],
    ...(line ? [['lines.svg', drawLine(line)] as const] : []),
  ])
}

export async function writePage(run: BenchRun | undefined): Promise<void> {
  for (const [name, text] of await makePage(run)) await writeFile(`${DOCS}${name}`, text)
  console.log(`docs/${PAGE} and its pictures are written`)
}
