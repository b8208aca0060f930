import { expect, it } from 'vitest'
import { completeEnvironment } from './environment.ts'

const unknown = () => {
  throw new Error('uv_os_get_passwd returned ENOENT')
}

it('gives a user whom the passwd file does not know a home and a shell', () => {
  const env = { HOME: '' }
  completeEnvironment(env, unknown)
  expect(env).toEqual({ HOME: '/', SHELL: '/bin/sh' })
})

it('leaves alone what is set, and users whom the passwd file knows', () => {
  const set = { HOME: '/home/x', SHELL: '/bin/zsh' }
  completeEnvironment(set, unknown)
  expect(set).toEqual({ HOME: '/home/x', SHELL: '/bin/zsh' })
  const known = {}
  completeEnvironment(known, () => ({}))
  expect(known).toEqual({})
})
