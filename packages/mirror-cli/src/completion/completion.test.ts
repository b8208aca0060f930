import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Command } from '../oclif.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { firstWords, shapeOf, type Offer } from './shape.ts'
import { zshScript } from './zsh.ts'

const folder = join(import.meta.dirname, '../commands')
const sources = await Promise.all(
  globSync('**/*.ts', { cwd: folder }).map(async file => {
    const { default: command }: { default: typeof Command } = await import(join(folder, file))
    const { summary, description, args = {}, flags, baseFlags } = command
    const id = file.replace(/\.ts$/, '').replaceAll('/', ':')
    return { id, summary, description, hidden: false, args, flags: { ...baseFlags, ...flags } }
  }),
)
const shape = shapeOf(sources as Parameters<typeof shapeOf>[0], {
  bin: 'gpreg',
  version: '1',
  about: () => 'About.',
})

const directory = mkdtempDisposableSync(join(tmpdir(), 'gpreg-completion-'))
afterAll(() => directory.remove())
const cwd = join(directory.path, 'here')
mkdirSync(join(cwd, 'a folder'), { recursive: true })
writeFileSync(join(cwd, 'a file.json'), '')

/** The words after `gpreg`, of which the last one is under the cursor, and some of what must and must not be offered for it. */
const CASES: readonly [words: string[], offered: string[], not?: string[]][] = [
  [['mir'], ['mirror'], ['verify']],
  [[''], ['bundle', 'completion', 'images', 'values'], ['save', '--to']],
  [['bundle', ''], ['inspect', 'load', 'save', 'verify'], ['mirror']],
  [['bundle', 's'], ['save'], ['load']],
  [['mirror', '--dry'], ['--dry-run'], ['--to']],
  [['mirror', '--dry-run', '--li'], ['--limit-rate']],
  [['bundle', 'save', '--vol'], ['--volume-size'], ['--versions']],
  [['images', '--format', ''], ['installer', 'hauler', 'table'], ['a file.json']],
  [['values', 'aws', '--format', 'k'], ['kots'], ['installer', 'skopeo-sync']],
  [['images', '--naming', 'in'], ['installer'], ['flat']],
  [
    ['mirror', '--purpose', ''],
    ['components', 'workspace-base'],
  ],
  [['mirror', '--platform', 'linux/a'], ['linux/amd64', 'linux/arm64'], ['windows/amd64']],
  [['images', '--release', 'release-2022.1'], ['release-2022.11.3']],
  [['images', '--catalogue', '2022.11'], ['2022.11.3'], ['release-2022.11.3']],
  [['values', 'aws', '--release', ''], ['2022.11.3'], ['release-2022.11.3']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['mirror', '--to', ''], [], ['a file.json', 'a folder', '--dry-run']],
]

const FILE_CASES: readonly string[][] = [
  ['mirror', '--lock', 'a'],
  ['lock', '-o', 'a'],
  ['verify', '--bundle', 'x.tar', '--key', 'a'],
  ['bundle', 'load', 'a'],
  ['values', 'check', '--strict', 'a'],
]

describe('what flags take', () => {
  it.each<[string, string, Offer | undefined]>([
    ['mirror', 'ca-file', 'files'],
    ['mirror', 'client-cert', 'files'],
    ['mirror', 'events', 'files'],
    ['bundle save', 'sign-key', 'files'],
    ['bundle save', 'since', 'files'],
    ['bundle load', 'to-layout', 'directories'],
    ['mirror', 'upload-journal', 'directories'],
    ['images', 'manifests', 'files'],
    ['values external', 'registry', 'any'],
    ['mirror', 'source-mirror', 'any'],
    ['mirror', 'dry-run', undefined],
    ['mirror', 'help', undefined],
  ])('%s --%s: %s', (command, flag, offer) => {
    const flags = shape.commands.find(({ name }) => name === command)?.flags
    expect(flags?.find(({ name }) => name === flag)).toBeDefined()
    expect(flags?.find(({ name }) => name === flag)?.offer).toEqual(offer)
  })

  it('every first word has a meaning', () => {
    expect(firstWords(shape).every(([, about]) => about !== '')).toBe(true)
  })
})

/** Runs a script in a shell, and returns the lines that it prints. */
function run(shell: string, args: readonly string[], script: string): string[] {
  const file = join(directory.path, `try.${shell}`)
  writeFileSync(file, script)
  return execFileSync(shell, [...args, file], { cwd, encoding: 'utf8' })
    .split('\n')
    .filter(line => line !== '')
}

const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** As readline calls it: bash has cut the line at `=` and `:`. */
function inBash(words: readonly string[]): string[] {
  const cut = words.flatMap(word => (word === '' ? [''] : word.split(/(?<=[=:])|(?=[=:])/)))
  const line = ['gpreg', ...cut].map(single).join(' ')
  return run(
    'bash',
    ['--norc'],
    `${bashScript(shape)}\nCOMP_WORDS=(${line}) COMP_CWORD=${cut.length}\n_gpreg\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
  )
}

/** With functions in place of the builtins of zsh that work in its editor only. */
function inZsh(words: readonly string[]): string[] {
  const stubs = [
    'compdef() { }; _message() { }; _files() { print -l -- files $@ }',
    'compset() { PREFIX=${PREFIX##*=} }',
    'compadd() { local each; for each in "${@:2}"; do [[ $each == $PREFIX* ]] && print -r -- $each; done }',
    '_describe() { local each; for each in "${(@P)@[-1]}"; do [[ $each == $PREFIX* ]] && print -r -- ${each%%:*}; done }',
  ]
  const call = `words=(gpreg ${words.map(single).join(' ')}) CURRENT=${words.length + 1} PREFIX=${single(words.at(-1)!)}\n_gpreg || true`
  return run('zsh', ['-f'], [...stubs, zshScript(shape), call].join('\n'))
}

/** fish itself says what it offers: a word, a tab and its meaning. */
function inFish(words: readonly string[]): string[] {
  const line = run(
    'fish',
    ['--no-config'],
    `${fishScript(shape)}\ncomplete -C ${single(['gpreg', ...words].join(' '))}`,
  )
  return line.map(text => text.split('\t')[0]!)
}

const SHELLS = [
  ['bash', inBash, ['a file.json', 'a folder']],
  ['zsh', inZsh, ['files']],
  ['fish', inFish, ['a file.json', 'a folder/']],
] as const

const isMissing = (shell: string) => shell !== 'bash' && spawnSync(shell, ['-c', 'true']).status !== 0

describe.each(SHELLS)('%s', (shell, complete, files) => {
  const missing = isMissing(shell)
  it.runIf(missing)('not tried', ({ skip }) => skip(`${shell} is not installed: apt-get install ${shell}`))

  describe.skipIf(missing)('offers', () => {
    it.each(CASES)('%j', (words, offered, not = []) => {
      const found = complete(words)
      expect(found).toEqual(expect.arrayContaining(offered))
      for (const word of not) expect(found).not.toContain(word)
    })

    it.each(FILE_CASES.map(words => [words]))('files for %j', words => {
      expect(complete(words)).toEqual(expect.arrayContaining([...files]))
    })

    it('a value behind =', () => {
      const found = complete(['images', '--format=ins'])
      expect(found.map(word => word.replace('--format=', ''))).toEqual(['installer'])
    })
  })
})

it('bash completes the file behind HOST=', () => {
  expect(inBash(['mirror', '--ca-file', 'registry.internal:5000=a']).sort()).toEqual([
    'a file.json',
    'a folder',
  ])
})
