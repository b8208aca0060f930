import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { BaseCommand } from '../base-command.ts'
import { Config, type Command } from '../oclif.ts'

/** What the tests of a file need to run commands in this process. */
export interface CommandRuns {
  /** an empty directory, but for a package without commands: oclif would look for the built ones, and tests need none */
  readonly directory: string
  readonly config: Config
  /** what the test has printed on stdout so far */
  readonly output: string
  /** Runs a command under its name, such as `bundle save`, which its messages have. */
  run(name: string, command: CommandClass, args: readonly string[]): Promise<unknown>
}

type CommandClass = new (argv: string[], config: Config) => Command

/** Sets hooks that keep what each test prints, and the exit code that it leaves, from the other tests. */
export function commandRuns(): CommandRuns {
  const runs = {
    directory: '',
    config: undefined as unknown as Config,
    output: '',
    run: (name: string, command: CommandClass, args: readonly string[]) =>
      BaseCommand.run.call(Object.assign(command, { id: name.replace(' ', ':') }), [...args], runs.config),
  }
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
