import { globSync } from 'node:fs'
import type { Command } from '@oclif/core'
import { describe, expect, test } from 'vitest'

/** The commands of oclif's plugins explain themselves in their own way. */
const PLUGINS = /^(?:help|autocomplete)\b/

const files = globSync('commands/**/*.ts', { cwd: import.meta.dirname })
const ours = files.map(file => file.slice('commands/'.length)).filter(file => !PLUGINS.test(file))
const commands = await Promise.all(
  ours.map(async file => {
    const { default: command } = (await import(`./commands/${file}`)) as { default: typeof Command }
    return [file, command] as const
  }),
)

describe.each(commands)('%s', (_, command) => {
  const flags = Object.entries({ ...command.baseFlags, ...command.flags })

  test('explains itself, with examples', () => {
    expect(command.summary).toMatch(/\.$/)
    expect(command.description).toMatch(/\.$/)
    expect(command.examples?.length).toBeGreaterThanOrEqual(2)
  })

  test.each(flags)('--%s has a description and an environment variable', (name, flag) => {
    expect(flag.description).toBeTruthy()
    expect(flag.env).toBe(`GPREG_${name.toUpperCase().replaceAll('-', '_')}`)
  })
})
