import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { Config } from '../oclif.ts'

/** What the tests of a file need to run commands in this process. */
export interface CommandRuns {
  /** an empty directory, but for a package without commands: oclif would look for the built ones, and tests need none */
  readonly directory: string
  readonly config: Config
  /** what the test has printed on stdout so far */
  readonly output: string
}

/** Sets hooks that keep what each test prints, and the exit code that it leaves, from the other tests. */
export function commandRuns(): CommandRuns {
  const runs = { directory: '', config: undefined as unknown as Config, output: '' }
  beforeAll(async () => {
    runs.directory = await mkdtemp(join(tmpdir(), 'gpreg-cli-'))
    const manifest = { name: 'gpreg', version: '0.0.0', oclif: { bin: 'gpreg' } }
    await writeFile(join(runs.directory, 'package.json'), JSON.stringify(manifest))
    runs.config = await Config.load(runs.directory)
  })
  afterAll(() => rm(runs.directory, { recursive: true }))
  beforeEach(() => {
    runs.output = ''
    vi.spyOn(process.stdout, 'write').mockImplementation(text => {
      runs.output += String(text)
      return true
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
    process.exitCode = undefined
  })
  return runs
}
