import { expect, it } from 'vitest'
import { answerToFlag } from './foreign-flags.ts'

const KNOWN = ['--images', '--to', '--lock', '--platform']

it('names the flag that a misspelt one is meant to be', () => {
  expect(answerToFlag('--imagse', KNOWN)).toBe('did you mean --images?')
  expect(answerToFlag('--plattform', KNOWN)).toBe('did you mean --platform?')
})

it('answers the flags of other tools', () => {
  expect(answerToFlag('--dest-tls-verify=false', KNOWN)).toContain('--insecure-skip-tls-verify')
  expect(answerToFlag('--src-creds', KNOWN)).toContain('gpreg login')
})

it('has no answer to what it does not know', () =>
  expect(answerToFlag('--frobnicate', KNOWN)).toBeUndefined())
