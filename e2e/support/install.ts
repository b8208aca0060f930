import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { CLOUD_TOOLS, JOURNEY_TOOLS, isRoot, onPath, whyMissing, type Tool } from './tools.ts'

const ROOT = new URL('../../', import.meta.url)
/** Global set-up of vitest for the journeys. */
export default function setup(): void {
  prepare(Object.keys(JOURNEY_TOOLS) as Tool[], new URL('e2e/journeys/', ROOT))
}

/** Fails if the command is not built. Installs missing tools if it may, and reports those that are still missing. */
export function prepare(tools: readonly Tool[], tests: URL): void {
  assertBuilt()
  const missing = () => tools.filter(tool => whyMissing(tool) !== undefined)
  if (missing().length > 0 && isRoot && onPath('apt-get')) install(missing())
  report(missing(), tests)
}

function assertBuilt(): void {
  if (existsSync(new URL('packages/mirror-cli/dist', ROOT))) return
  throw new Error(
    'e2e tests drive the built command, and packages/mirror-cli/dist is not there: run npm run build, or npm test',
  )
}

function install(tools: readonly Tool[]): void {
  const packages = [...new Set(tools.map(tool => CLOUD_TOOLS[tool]))]
  console.error(`e2e: installing ${packages.join(' ')}`)
  apt('update', '-qq')
  apt('install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...packages)
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stderr, stdout } = spawnSync('apt-get', args, { env, encoding: 'utf8' })
  if (status !== 0) console.error(`e2e: apt-get ${args[0]} failed:\n${stderr || stdout}`)
}

/** Prints the journeys that are skipped and the reason. Under CI it throws instead. */
function report(missing: readonly Tool[], tests: URL): void {
  if (missing.length === 0) return
  const how = isRoot ? 'no apt-get here' : 'not root, so nothing is installed'
  const lines = missing.map(
    tool => `  ${whyMissing(tool)}: ${testsThatNeed(tool, tests).join(', ') || 'no journey'} skipped`,
  )
  const text = `e2e: ${how}\n${lines.join('\n')}`
  if (process.env['CI'] === 'true') throw new Error(`${text}\nCI=true allows no skip`)
  console.error(text)
}

function testsThatNeed(tool: Tool, tests: URL): string[] {
  return readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter(
    file =>
      file.endsWith('.test.ts') &&
      new RegExp(`needs\\([^)]*'${tool}'`).test(readFileSync(new URL(file, tests), 'utf8')),
  )
}
