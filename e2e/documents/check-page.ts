import { readFile } from 'node:fs/promises'
import { isShown, shorten, withoutVarying } from './output.ts'
import { PageRun, type Run } from './page-run.ts'
import { commandBlocks, faultOf, withOutputs, type Block, type Command } from './page.ts'
import { drawTerminal } from './picture.ts'
import type { PublicRegistries } from './world.ts'

export interface Finding {
  readonly line: number
  readonly message: string
}

export interface PageResult {
  /** the page with what the commands print now */
  readonly text: string
  /** file names below docs/ and their content */
  readonly pictures: ReadonlyMap<string, string>
  /** What a person must mend: the form of blocks, and commands that fail. */
  readonly faults: readonly Finding[]
  /** What `npm run docs` mends. */
  readonly stale: readonly Finding[]
}

/** Runs the commands of a page in their order, in one world. */
export async function checkPage(page: string, registries: PublicRegistries): Promise<PageResult> {
  const blocks = commandBlocks(page)
  const malformed = blocks.filter(block => faultOf(block) !== undefined)
  const faults = malformed.map(block => ({ line: block.line, message: faultOf(block)! }))
  const runnable = blocks.filter(block => block.marks.notRun === undefined && !malformed.includes(block))
  const result = {
    outputs: new Map<Command, string[]>(),
    pictures: new Map<string, string>(),
    faults,
    stale: [] as Finding[],
  }
  if (runnable.length > 0) {
    await using run = await PageRun.start(registries)
    for (const block of runnable) {
      const message = await run.prepare(block)
      if (message !== undefined) faults.push({ line: block.line, message })
      const runs = message === undefined ? await run.runBlock(block) : []
      faults.push(...failures(block, runs), ...silence(block, runs))
      if (block.marks.picture === undefined) compareOutputs(runs, result)
      else await comparePicture(block, block.marks.picture, runs, result)
    }
  }
  return { ...result, text: withOutputs(page, result.outputs) }
}

type Comparison = Pick<PageResult, 'pictures'> & {
  readonly outputs: Map<Command, string[]>
  readonly pictures: Map<string, string>
  readonly stale: Finding[]
}

function failures({ marks, commands }: Block, runs: readonly Run[]): Finding[] {
  return runs.flatMap(({ command, exitCode, printed }) => {
    const expected = command === commands.at(-1) ? (marks.exit ?? 0) : 0
    if (exitCode === expected) return []
    const message = `\`${command.text}\` ends with ${exitCode}, not ${expected}:\n${indent('  ', printed)}`
    return [{ line: command.from, message }]
  })
}

function silence({ line }: Block, runs: readonly Run[]): Finding[] {
  if (runs.length === 0 || runs.some(({ printed }) => printed.length > 0)) return []
  return [{ line, message: 'the commands of this block print nothing, so nothing is compared' }]
}

function compareOutputs(runs: readonly Run[], { outputs, stale }: Comparison): void {
  for (const { command, printed } of runs) {
    if (isShown(command.output, printed)) continue
    const output = shorten(command.output, printed)
    outputs.set(command, output)
    const lines = [indent('  - ', command.output), indent('  + ', output)].join('\n')
    const message = `\`${command.text}\` prints something else: run \`npm run docs\`\n${lines}`
    stale.push({ line: command.from, message })
  }
}

async function comparePicture(
  { line }: Block,
  name: string,
  runs: readonly Run[],
  { pictures, stale }: Comparison,
): Promise<void> {
  const svg = drawTerminal(runs.map(({ command, printed }) => ({ text: command.text, printed })))
  const shown = await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8').catch(() => '')
  if (withoutVarying(shown) === withoutVarying(svg)) return
  pictures.set(name, svg)
  stale.push({ line, message: `docs/${name} shows something else: run \`npm run docs\`` })
}

function indent(prefix: string, lines: readonly string[]): string {
  return lines.map(line => prefix + line).join('\n')
}
