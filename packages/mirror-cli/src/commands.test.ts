import { globSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Command } from './oclif.ts'

/** The command of oclif's plugin explains itself in its own way. */
const PLUGIN = /^help\b/

const files = globSync('commands/**/*.ts', { cwd: import.meta.dirname })
const commands = await Promise.all(
  files.map(async path => {
    const file = path.slice('commands/'.length)
    const { default: command } = (await import(`./commands/${file}`)) as { default: typeof Command }
    return [file, command] as const
  }),
)
const ours = commands.filter(([file]) => !PLUGIN.test(file))

test('no command reads a missing argument from standard input, where a password or a document may be', () => {
  const args = commands.flatMap(([, { args }]) => Object.values(args))
  expect(args.length).toBeGreaterThan(10)
  expect(args.filter(({ ignoreStdin }) => ignoreStdin !== true)).toEqual([])
})

describe.each(ours)('%s', (_, command) => {
  const flags = Object.entries({ ...command.baseFlags, ...command.flags })

  test('explains itself, with examples', () => {
    expect(command.summary).toMatch(/\.$/)
    expect(command.description).toMatch(/\.$/)
    expect(command.examples?.length).toBeGreaterThanOrEqual(2)
  })

  test('shows its flags below each other, with and without a letter', () => {
    for (const [name, { char, helpLabel }] of flags)
      expect(helpLabel).toBe(char === undefined ? `--${name}` : undefined)
  })

  test.each(flags)('--%s has a description and an environment variable', (name, flag) => {
    expect(flag.description).toBeTruthy()
    expect(flag.env).toBe(`GPREG_${name.toUpperCase().replaceAll('-', '_')}`)
  })
})
