import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DocumentedSection } from '../../support/documented-section.ts'
import { GPREG, gpreg, isolatedEnvironment } from '../../support/gpreg.ts'
import { runProcess } from '../../support/process.ts'
import { needs } from '../../support/tools.ts'
import { COMMAND_LINE } from './command-line.ts'
import { FILES } from './files.ts'
import type { Mistake } from './mistake.ts'
import { REGISTRIES } from './registries.ts'
import { from, startSite, type Site } from './site.ts'

const MISTAKES: readonly Mistake[] = [...COMMAND_LINE, ...FILES, ...REGISTRIES]

/** Set to write the table of docs/mistakes.md from what the command says. */
const UPDATE = 'GPREG_UPDATE_MISTAKES'

/** One row of docs/mistakes.md: what the command said, without what differs from run to run. */
interface Said {
  readonly error: string
  readonly hint: string
  readonly exit: number | null
}

const said = new Map<string, Said>()

describe.skipIf(needs('openssl'))('mistakes', () => {
  let site: Site
  beforeAll(async () => void (site = await startSite()))
  afterAll(() => site?.[Symbol.asyncDispose]())

  it.concurrent.for(MISTAKES)('$name: exit $exit', async (mistake, { skip }) => {
    if (mistake.only?.(site) === false) skip('this machine cannot make the mistake: it needs root')
    const { exitCode, stdout, stderr } = await make(mistake, site)
    const text = `${stderr}\n${stdout}`
    const [error, hint] = [lineOf('error:', text), lineOf('hint:', text)]
    expect(exitCode, text).toBe(mistake.exit)
    expect(error, text).toMatch(mistake.cause)
    expect(hint, text).toMatch(mistake.next)
    expect(text, 'a stack trace').not.toMatch(/^\s+at .*[:(]\d+:\d+/m)
    expect(text).not.toContain('wrong-and-secret')
    said.set(mistake.name, { error: lasting(error, site), hint: lasting(hint, site), exit: exitCode })
  })

  it('are at least thirty, and stand in docs/mistakes.md as the command says them', async () => {
    expect(MISTAKES.length).toBeGreaterThanOrEqual(30)
    const section = new DocumentedSection('mistakes.md', 'mistakes')
    const documented = await section.read()
    const rows = MISTAKES.map(({ name }) => {
      const row = said.get(name)
      // One that this machine cannot make stays as it is documented.
      return row === undefined ? rowOf(name, documented) : cells([name, row.error, row.hint, `${row.exit}`])
    })
    const table = [
      cells(['mistake', 'error', 'hint', 'exit code']),
      cells(Array(4).fill('---')),
      ...rows,
    ].join('\n')
    console.log(table)
    if (process.env[UPDATE] !== undefined) await section.write(table)
    expect(documented, `set ${UPDATE} to write docs/mistakes.md`).toBe(
      process.env[UPDATE] === undefined ? table : documented,
    )
  })

  describe('a login that 62 images need', () => {
    const names = Array.from(
      { length: 62 },
      (_, nth) => `docker.io/gitpod/component-number-${nth}:release-2022.11.3`,
    )
    const commands = (): readonly [string, readonly string[]][] => [
      ['mirror', ['--to', `${site.hosts.target}/refused`]],
      ['lock', ['-o', 'refused.json']],
      ['verify', ['--to', `${site.hosts.password}/refused`]],
    ]
    const run = async (command: string, args: readonly string[], ...more: string[]) => {
      await writeFile(site.join('many.txt'), names.join('\n'))
      const list = ['--images', 'many.txt', ...from(site.hosts.password)]
      return gpreg([command, ...list, ...args, ...more], { cwd: site.path })
    }

    it.each([0, 1, 2])('is told once, on one screen (%i)', async nth => {
      const [command, args] = commands()[nth]!
      const { exitCode, stdout, stderr } = await run(command, args)
      const text = `${stderr}${stdout}`
      expect(exitCode, text).toBe(5)
      const rows = text
        .trimEnd()
        .split('\n')
        .reduce((sum, line) => sum + Math.max(Math.ceil(line.length / 80), 1), 0)
      expect(rows, text).toBeLessThanOrEqual(24)
      expect(text).toMatch(/62 images|and 59 more/)
    })

    it('has a row for each image with --json', async () => {
      const [command, args] = commands()[0]!
      const { images } = (await run(command, args, '--json')).json()
      expect(images).toHaveLength(62)
      for (const image of images)
        expect(image.error).toMatchObject({ code: 'unauthorized', hint: expect.any(String) })
    })
  })
})

function make({ args, env, stdin, shell }: Mistake, site: Site) {
  const line = [process.execPath, GPREG, ...args(site)]
  const [program, ...rest] = shell === undefined ? line : ['sh', '-c', shell, 'sh', ...line]
  return runProcess(program!, rest, {
    cwd: site.path,
    env: isolatedEnvironment(site.join('home'), env?.(site)),
    ...(stdin === undefined ? {} : { stdin }),
  })
}

/** The first line that begins with a word, without the word. */
function lineOf(word: string, text: string): string {
  return (
    text
      .split('\n')
      .find(line => line.startsWith(word))
      ?.slice(word.length)
      .trim() ?? ''
  )
}

/** A text without ports, dates and the directory of this run. */
function lasting(text: string, { path }: Site): string {
  return text
    .replaceAll(`${path}/`, '')
    .replaceAll(/(?:127\.0\.0\.1|0\.0\.0\.0):\d+/g, 'registry.internal')
    .replaceAll(/\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC/g, 'a time')
    .replace(/; looked in .*/, '; looked in …')
    .replace(
      /needs \d+ bytes and its disk has \d+ free: \d+ are/,
      'needs … bytes and its disk has … free: … are',
    )
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map(text => text.replaceAll('|', '\\|')).join(' | ')} |`
}

function rowOf(name: string, table: string): string {
  return table.split('\n').find(line => line.startsWith(`| ${name} |`)) ?? ''
}
