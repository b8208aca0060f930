import { describe, expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'

describe.each(Object.entries(COMMANDS))('%s', (_, command) => {
  const flags = Object.entries({ ...command.baseFlags, ...command.flags })

  test('explains itself, with examples', () => {
    expect(command.summary).toMatch(/\.$/)
    expect(command.description).toMatch(/\.$/)
    expect(command.examples.length).toBeGreaterThanOrEqual(2)
  })

  test.each(flags)('--%s has a description and an environment variable', (name, flag) => {
    expect(flag.description).toBeTruthy()
    expect(flag.env).toBe(`GPREG_${name.toUpperCase().replaceAll('-', '_')}`)
  })
})
