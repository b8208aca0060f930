import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { GPREG, isolatedEnvironment } from '../support/gpreg.ts'
import { startProcess, type RunningProcess } from '../support/process.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import type { Block, Command } from './page.ts'
import { startWorld, type PublicRegistries } from './world.ts'

export interface Run {
  readonly command: Command
  /** stdout and stderr as a terminal shows them */
  readonly printed: readonly string[]
  readonly exitCode: number | null
}

/** Milliseconds after which a command is killed; it then has no exit code. */
const PATIENCE = 120_000

/** A folder, a shell and an internal registry for the blocks of one page, which run in their order. */
export class PageRun implements AsyncDisposable {
  readonly #directory: TemporaryDirectory
  readonly #env: NodeJS.ProcessEnv
  /** What a page says, and what it is here. */
  readonly #aliases: ReadonlyMap<string, string>
  readonly #rest = new AsyncDisposableStack()
  readonly #servers: RunningProcess[] = []

  private constructor(directory: TemporaryDirectory, env: NodeJS.ProcessEnv, ports: readonly number[]) {
    this.#directory = directory
    this.#env = env
    this.#aliases = new Map([
      ['/home/ada', directory.join('home')],
      ['/media', directory.join('media')],
      ...ports.map((port, index) => [`127.0.0.1:500${index}`, `127.0.0.1:${port}`] as const),
    ])
  }

  static async start(registries: PublicRegistries): Promise<PageRun> {
    const directory = await temporaryDirectory()
    for (const name of ['home', 'media', 'bin']) await mkdir(directory.join(name))
    const program = `#!/bin/sh\nexec '${process.execPath}' '${GPREG}' "$@"\n`
    await writeFile(directory.join('bin/gpreg'), program, { mode: 0o755 })
    const world = await startWorld(registries, directory.join('home'))
    const env = isolatedEnvironment(directory.join('home'), {
      ...world.env,
      // `doctor` would upload more than the pages need to show.
      GPREG_LARGE_UPLOAD: '1',
      PATH: `${directory.join('bin')}:${process.env['PATH']}`,
    })
    const run = new PageRun(directory, env, [await freePort(), await freePort()])
    run.#rest.use(directory)
    run.#rest.use(world)
    return run
  }

  /** Runs the unseen commands before a block. @returns why the block cannot be run */
  async prepare({ marks }: Block): Promise<string | undefined> {
    if (marks.first === undefined) return undefined
    const { exitCode, printed } = await this.#run(`set -e\n${marks.first}`)
    if (exitCode === 0) return undefined
    return `the unseen commands before the block end with ${exitCode}:\n${printed.join('\n')}`
  }

  async runBlock({ marks, commands }: Block): Promise<Run[]> {
    const runs: Run[] = []
    for (const command of commands) {
      const isServer = marks.stays === true && command === commands.at(-1)
      runs.push({ command, ...(await (isServer ? this.#serve(command.text) : this.#run(command.text))) })
    }
    return runs
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map(server => server.stop()))
    await this.#rest.disposeAsync()
  }

  async #run(text: string): Promise<Omit<Run, 'command'>> {
    const path = join(this.#directory.path, 'output')
    const output = await open(path, 'w')
    try {
      const stdio = ['ignore', output.fd, output.fd] as const
      const child = spawn('bash', ['-c', this.#here(text)], {
        ...this.#where,
        stdio: [...stdio],
        timeout: PATIENCE,
      })
      const [exitCode] = (await once(child, 'close')) as [number | null]
      return { exitCode, printed: this.#lines(await readFile(path, 'utf8')) }
    } finally {
      await output.close()
    }
  }

  /** Starts a server. What it prints is complete with the line that has its address. */
  async #serve(text: string): Promise<Omit<Run, 'command'>> {
    const server = startProcess('bash', ['-c', `exec ${this.#here(text)}`], this.#where)
    this.#servers.push(server)
    const serves = server.output(/https?:.*\n/).then(
      () => true,
      () => false,
    )
    const isServing = await Promise.race([serves, setTimeout(PATIENCE, false, { ref: false })])
    return { exitCode: isServing ? 0 : null, printed: this.#lines(server.stderr() + server.stdout()) }
  }

  get #where() {
    return { cwd: this.#directory.join('home'), env: this.#env }
  }

  #here(text: string): string {
    return [...this.#aliases].reduce((rest, [said, here]) => rest.replaceAll(said, here), text)
  }

  #lines(text: string): string[] {
    const said = [...this.#aliases].reduce((rest, [alias, here]) => rest.replaceAll(here, alias), text)
    return said === '' ? [] : said.replace(/\n$/, '').split('\n')
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}
