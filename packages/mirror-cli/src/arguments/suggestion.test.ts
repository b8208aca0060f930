import { expect, it } from 'vitest'
import { suggestionFor } from './suggestion.ts'

const COMMANDS = ['bundle save', 'images', 'lock', 'mirror', 'verify']

it.each([
  ['imges', 'images'],
  ['mirorr', 'mirror'],
  ['bundle sav', 'bundle save'],
  ['verfy', 'verify'],
])('%s is meant to be %s', (word, meant) => expect(suggestionFor(word, COMMANDS)).toBe(meant))

it.each(['', 'x', 'deploy'])('%j is near no command', word =>
  expect(suggestionFor(word, COMMANDS)).toBeUndefined(),
)
