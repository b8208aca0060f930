/**
 * Runs the commands that README.md and docs/ show, and writes into the pages what they print. With --check it only says where a page
 * shows something else. Arguments: pages, default: all. CONTRIBUTING.md explains the blocks.
 */
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { mapLimited } from '@gpreg/oci/engine'
import { prepare } from '../support/install.ts'
import { checkPage, type Finding, type PageResult } from './check-page.ts'
import { commandBlocks } from './page.ts'
import { startPublicRegistries } from './world.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGES = ['README.md', 'docs/**/*.md', 'packages/mirror-cli/README.md']
/** Written from the help of the commands, whose examples name clusters and clouds. */
const GENERATED = ['docs/cli.md']
/** How many blocks may say that they are not run. */
const MOST_NOT_RUN = 15
/** Pages that run at a time. */
const AT_ONCE = 2

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true })
const all = globSync(PAGES, { cwd: ROOT }).filter(path => !GENERATED.includes(path))
const chosen = positionals.length > 0 ? positionals : all

prepare(['openssl', 'curl'], new URL('./', import.meta.url))
await using registries = await startPublicRegistries()
const results = await mapLimited(chosen.sort(), AT_ONCE, async path => ({
  path,
  ...(await checkPage(await readFile(`${ROOT}${path}`, 'utf8'), registries)),
}))
for (const result of results) {
  const stale = values.check === true ? result.stale : await update(result)
  for (const finding of [...result.faults, ...stale]) report(result.path, finding)
}
await assertFewNotRun()

/** Writes the page and its pictures. @returns nothing that is stale any more */
async function update({ path, text, pictures }: PageResult & { readonly path: string }): Promise<Finding[]> {
  await writeFile(`${ROOT}${path}`, text)
  for (const [name, svg] of pictures) await writeFile(`${ROOT}docs/${name}`, svg)
  return []
}

function report(path: string, { line, message }: Finding): void {
  console.error(`${path}:${line}: ${message}`)
  process.exitCode = 1
}

async function assertFewNotRun(): Promise<void> {
  const texts = await Promise.all(all.map(path => readFile(`${ROOT}${path}`, 'utf8')))
  const notRun = texts.flatMap(commandBlocks).filter(({ marks }) => marks.notRun !== undefined).length
  if (notRun <= MOST_NOT_RUN) return
  console.error(`${notRun} blocks are marked "not run", and at most ${MOST_NOT_RUN} may be`)
  process.exitCode = 1
}
