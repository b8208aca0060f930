import { expect, test } from 'vitest'
import { imageSetArguments } from './image-set-arguments.ts'

test('gives text that a shell reads as the same flags', () => {
  const flags = { release: 'release-2022.11.3', exclude: ['*/ide/rider:*', "it's"], image: ['redis:6.2'] }
  expect(imageSetArguments(flags)).toBe(
    `--release release-2022.11.3 --image redis:6.2 --exclude '*/ide/rider:*' --exclude 'it'\\''s'`,
  )
})

test('is undefined if no flag names an image', () => {
  expect(imageSetArguments({ to: 'registry.internal/gitpod', naming: ['source'] })).toBeUndefined()
})
